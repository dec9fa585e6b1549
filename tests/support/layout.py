"""The HTML of a page as a browser lays it out, so that tests do not depend on where a template breaks its lines."""

import re

BLOCKS = "button|caption|dd|div|dt|figcaption|form|h[1-6]|header|label|legend|li|option|p|section|summary|td|th|ul"
RULES = (
    (re.compile(r">\s*\n\s*<"), "><"),
    (re.compile(r"\s*\n\s*"), " "),
    (re.compile(r"(?<=[\"'\w}]) >"), ">"),
    (re.compile(rf"(<(?:{BLOCKS})(?: [^<>]*)?>) +"), r"\1"),
    (re.compile(rf" +(</(?:{BLOCKS})>)"), r"\1"),
)


def laid_out(html: str) -> str:
    """The same HTML without the white space that a formatter of templates may add between tags and attributes."""
    for pattern, instead in RULES:
        html = pattern.sub(instead, html)
    return html
