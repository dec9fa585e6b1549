"""Spans of time as people write them: 90s, 10m, 1h30m, 2d. One parser for commands, dialogs and scenarios."""

import re

UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
SPAN = re.compile("".join(rf"(?:([0-9]{{1,9}}){unit})?" for unit in UNITS), re.IGNORECASE)


def parse(text: str, longest: int) -> int | None:
    """The seconds of a span; None where it cannot be read or is longer than so many seconds."""
    match = SPAN.fullmatch(text.strip())
    if match is None or not match[0]:
        return None
    span = sum(int(part) * seconds for part, seconds in zip(match.groups(), UNITS.values(), strict=True) if part)
    return span if span <= longest else None


def write(seconds: int) -> str:
    """Whole seconds as a scenario writes them."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if n]
    return "".join(parts) or "0s"
