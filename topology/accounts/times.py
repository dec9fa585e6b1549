"""Times as pages show them: an instant that the browser shows in the zone of the page (static/js/page/times.js).

    instant --element--> <time datetime="…+00:00" title="Thu 26 Nov 2026 14:02:33 UTC">14:02:33</time>

Without JavaScript the text stays as it is: in the zone of the server (TIME_ZONE), which the header names.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from topology.accounts import pseudonyms
from topology.reasons.reason import Reason, Said, instant_of, words_of
from topology.reasons.words import counted

MARK = '<time datetime="{}" title="{}">{}</time>'


def element(instant: datetime) -> SafeString:
    """An instant as 14:02:33 today, with the date on other days, and exactly in its title."""
    local, now = timezone.localtime(instant), timezone.localtime()
    if local.date() == now.date():
        text = f"{local:%H:%M:%S}"
    else:
        text = f"{local:%-d %b %H:%M}" if local.year == now.year else f"{local:%-d %b %Y %H:%M}"
    return format_html(MARK, local.isoformat(), _exactly(local), text)


def dated(instant: datetime) -> SafeString:
    """An instant with its day whenever that is, as 27 Nov 14:02:33: a line that stands long is read on other days."""
    local, now = timezone.localtime(instant), timezone.localtime()
    text = f"{local:%-d %b %H:%M:%S}" if local.year == now.year else f"{local:%-d %b %Y %H:%M}"
    return format_html(MARK.replace("<time", "<time data-dated"), local.isoformat(), _exactly(local), text)


def ago(instant: datetime) -> SafeString:
    """How long ago an instant was, as 4 minutes ago; the page keeps it true while it stands."""
    minutes = int((timezone.now() - instant).total_seconds() // 60)
    units = (("day", 1440), ("hour", 60), ("minute", 1))
    said = next((f"{counted(minutes // length, unit)} ago" for unit, length in units if minutes >= length), "just now")
    local = timezone.localtime(instant)
    return format_html(MARK.replace("<time", "<time data-ago"), local.isoformat(), _exactly(local), said)


def _exactly(local: datetime) -> str:
    return f"{local:%a %-d %b %Y %H:%M:%S} {timezone.get_current_timezone()}"


def sentence(reason: Reason, facts: Mapping[str, Any]) -> SafeString:
    """The sentence of a reason as HTML for its reader now, with its instants as elements."""
    return _filled(reason.code, reason.sentence, facts)


def fix(reason: Reason, facts: Mapping[str, Any]) -> SafeString:
    """The fix of a reason as HTML for its reader now."""
    return _filled(reason.code, reason.fix, facts)


def _filled(code: str, form: str, facts: Mapping[str, Any]) -> SafeString:
    shown = {key: _marked(key, fact) for key, fact in pseudonyms.facts(facts, code).items()}
    return mark_safe(Reason(code, conditional_escape(form)).say(**shown))


def _marked(key: str, fact: Any) -> Any:
    if instant := instant_of(key, fact):
        return element(instant)
    if isinstance(fact, Said):
        return sentence(fact.reason, fact.facts)
    if (words := words_of(key, fact)) is not None:
        return conditional_escape(words)
    return fact if isinstance(fact, (int, float)) else conditional_escape(fact)
