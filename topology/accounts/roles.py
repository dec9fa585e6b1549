"""Roles as Django groups, and the one question every edge asks: may this person do that?"""

from typing import Protocol

VIEWER = "viewer"
OPERATOR = "operator"
ADMINISTRATOR = "administrator"
ROLES = (VIEWER, OPERATOR, ADMINISTRATOR)

# What each verb needs; a higher role includes the lower ones.
SEE = VIEWER
OPERATE = OPERATOR  # move users, run plans, fail over, inject faults
ADMINISTER = ADMINISTRATOR  # change the topology, the policy, import users


class Person(Protocol):
    is_active: bool
    is_superuser: bool

    @property
    def groups(self) -> object: ...


def role_of(user: object) -> str | None:
    """The highest role of a signed-in person, or None; asked once per request and kept on the user."""
    if not getattr(user, "is_authenticated", False) or not getattr(user, "is_active", False):
        return None
    if getattr(user, "is_superuser", False):
        return ADMINISTRATOR
    if (kept := getattr(user, "_homenode_role", "")) != "":
        return str(kept) if kept else None
    names = set(user.groups.values_list("name", flat=True))  # type: ignore[attr-defined]
    role = next((r for r in reversed(ROLES) if r in names), None)
    user._homenode_role = role  # type: ignore[attr-defined]
    return role


def may(user: object, role: str) -> bool:
    """Whether a person has a role or a higher one."""
    have = role_of(user)
    return have is not None and ROLES.index(have) >= ROLES.index(role)
