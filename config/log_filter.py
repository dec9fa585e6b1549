"""What never stands in a log: the tokens of sign-in links and of programs, whatever writes the line."""

import logging
import re

SECRETS = re.compile(
    r"(/sign-in/link/)[^/\s?#'\"]+"
    r"|((?i:bearer) )[\w.~+/-]+=*"
    r"|((?i:token|password|secret)=)[^&\s'\"]+"
)


def without_secrets(text: str) -> str:
    """A text with the secrets in it cut off."""
    return SECRETS.sub(lambda match: f"{next(filter(None, match.groups()))}…", text)


class WithoutSecrets(logging.Filter):
    """Replace secrets in a record, also in its arguments, before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = without_secrets(message)
        if clean != message:
            record.msg, record.args = clean, ()
        return True
