"""How a cluster assigns new users, and the deployment model that it is meant to be; their names stand here alone."""

from __future__ import annotations

from enum import StrEnum


class Labelled(StrEnum):
    """Values that are stored, each with the words that a page has for it."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Labelled:
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Value and label of each, in order, as fields and forms want them."""
        return [(member.value, member.label) for member in cls]

    @classmethod
    def values(cls) -> list[str]:
        """The values, in order."""
        return [member.value for member in cls]


class Mode(Labelled):
    """How the Sync Agent assigns new users (domain.md §2)."""

    BALANCED = "balanced", "Balanced"
    ACTIVE_STANDBY = "active_standby", "Active/Standby"
    MANUAL = "manual", "Manual"


class DeploymentModel(Labelled):
    """The deployment model a cluster is meant to be (domain.md §3)."""

    BALANCED_NON_REDUNDANT = "balanced_non_redundant", "Balanced non-redundant"
    BALANCED_REDUNDANT = "balanced_redundant", "Balanced redundant"
    ACTIVE_STANDBY = "active_standby", "Active/Standby redundant"
