"""Who acts: an account, a name where there is none (a command, a directory, a token), or the console itself."""

from __future__ import annotations

from typing import Any

ENGINE = "engine"
"""The name of the console where it acts by itself."""
COMMAND_LINE = "command line"
"""Who did it where no one says who is at the shell."""


def account_of(actor: Any) -> Any:
    """The account of the person who acts; None for a name and for the console itself."""
    return actor if getattr(actor, "pk", None) else None


def name_of(actor: Any) -> str:
    """How the history names the person who acts; it stays when the account goes."""
    account = account_of(actor)
    return str(account.get_username() if account else actor or ENGINE)


def at_shell(person: str) -> str:
    """How the history names somebody at the shell, who has the name that they gave, and no account."""
    return f"{person} ({COMMAND_LINE})" if person else COMMAND_LINE


def person_in(name: str) -> str:
    """The person of a name in the history, with an account or at the shell."""
    return name.removesuffix(f" ({COMMAND_LINE})")


def author(actor: Any) -> dict[str, Any]:
    """The columns `author` and `author_name` of a row that somebody makes."""
    return {"author": account_of(actor), "author_name": name_of(actor)}
