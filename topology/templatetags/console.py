"""What every template may use: icons, bars, numbers, times, and the look of a state."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from topology.accounts import pseudonyms, sentences, times
from topology.reasons import Reason
from topology.reasons.words import counted
from topology.rules.states import LOOKS, State

register = template.Library()


@register.simple_block_tag(takes_context=True)
def part(context: Context, content: SafeString, *name: Any) -> SafeString:
    """A piece of the page that is told to browsers by itself when it alone changed; it is the element of that id.

    Where pieces are collected (`parts` of the context) a mark stands in its place (assignments/board/shared.py).
    """
    piece, parts = mark_safe(content.strip()), context.get("parts")
    if parts is None:
        return piece
    pk = "".join(map(str, name))
    parts[pk] = piece
    return mark_safe(f"<!--{pk}-->")


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """A symbol of static/img/icons.svg; always beside a word, so hidden from screen readers."""
    return _icon(name, extra)


@lru_cache(maxsize=1000)
def _icon(name: str, extra: str) -> SafeString:
    classes = f"icon {extra}" if extra else "icon"
    shape = '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>'
    return format_html(shape, classes, static("img/icons.svg"), name)


@register.simple_tag(takes_context=True)
def cluster_menu(context: Context) -> SafeString:
    """The entries of the switcher, drawn once for the same clusters on any page."""
    current = context.get("cluster")
    names = tuple((cluster.name, 0) for cluster in context["clusters"])  # who is out of service it says once opened
    return _cluster_menu(names, current.name if current else "")


@lru_cache(maxsize=200)
def _cluster_menu(clusters: tuple[tuple[str, int], ...], current: str) -> SafeString:
    return render_to_string("shared/_cluster_menu.html", {"clusters": clusters, "current": current})


@register.simple_tag
def badge(tone: str, symbol: str, label: str) -> SafeString:
    """A state as colour, icon and word together."""
    return format_html('<span class="state-badge tone-{}">{}<span>{}</span></span>', tone, icon(symbol), label)


@register.simple_tag
def bar(whole: int, *parts: Any) -> SafeString:
    """A bar of one or more parts of a whole, given as pairs of number and tone; past the whole it is marked as over.

    Widths are attributes of an SVG, because the content security policy allows no inline style.
    """
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    total = sum(number for number, _ in pairs)
    scale = 100 / max(whole, total, 1)
    left, rects = 0.0, []
    for number, tone in pairs:
        rects.append((f"{left:.2f}", f"{number * scale:.2f}", tone))
        left += number * scale
    over = total > whole
    limit = format_html('<rect class="limit" x="{}" width="0.8" height="6"/>', f"{whole * scale:.2f}") if over else ""
    return format_html(
        '<svg class="bar{}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{}{}</svg>',
        " over" if over else "",
        format_html_join("", '<rect x="{}" width="{}" height="6" class="fill-{}"/>', rects),
        limit,
    )


@register.filter
def num(value: int | float | None) -> str:
    """30,000; nothing for nothing."""
    return "" if value is None else f"{value:,.0f}" if float(value).is_integer() or value >= 10 else f"{value:,.1f}"


@register.filter(name="counted")
def counted_filter(value: int, noun: str) -> str:
    """A count with its noun: {{ users|counted:"user" }} is "1 user", "30,000 users"."""
    return counted(value or 0, noun)


@register.filter
def when(value: datetime | None) -> SafeString | str:
    """A moment as 14:02:33 today, with the date on other days, and exactly in its title; in the zone of the page."""
    return "" if value is None else times.element(value)


@register.filter
def dated(value: datetime | None) -> SafeString | str:
    """A moment with its day, as 27 Nov 14:02:33, and exactly in its title; in the zone of the page."""
    return "" if value is None else times.dated(value)


@register.filter
def epoch(value: datetime) -> int:
    """A moment in seconds since 1970, for a script that waits for it."""
    return int(value.timestamp())


@register.filter
def ago(value: datetime | None) -> SafeString | str:
    """How long ago a moment was, as 4 minutes ago, and exactly in its title; the page keeps it true."""
    return "" if value is None else times.ago(value)


@register.filter
def span(seconds: float | None) -> str:
    """A length of time in the two largest units: 45 s, 3 min 20 s, 2 h 5 min."""
    if seconds is None:
        return ""
    total = max(0, round(seconds))
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60} s" if total < 600 else f"{round(total / 60)} min"
    return f"{total // 3600} h {total % 3600 // 60} min"


@register.filter
def get(mapping: dict[Any, Any] | str, key: Any) -> Any:
    """The entry of a mapping, or None."""
    return mapping.get(key) if isinstance(mapping, dict) else None


@register.filter
def faults(node: Any) -> str:
    """What is broken on a simulated node, as words; nothing when all runs."""
    cut = "Network partition, alive"
    parts = ((node.power_on, "Power off"), (node.network_up, cut), (node.database_up, "Database down"))
    return " · ".join([text for fine, text in parts if not fine] + [f"{name} failed" for name in node.failed_services])


@register.filter
def active(runs: list[Any]) -> list[Any]:
    """Those of some runs that go on."""
    return [run for run in runs if run.operation.active]


@register.filter
def finished(runs: list[Any]) -> list[Any]:
    """Those of some runs that have ended."""
    return [run for run in runs if not run.operation.active]


@register.filter
def short(name: str) -> str:
    """A node's name up to its first dot; the full one belongs in the title."""
    return name.split(".", 1)[0]


@register.filter
def change(before: int, after: int) -> str:
    """The difference with its sign, 0 without."""
    return f"{after - before:+,}" if after != before else "0"


@register.filter
def state_label(state: str) -> str:
    """The product's words for a state."""
    return LOOKS[State(state)].label if state in set(State) else state


@register.filter
def instant(seconds: float | None) -> str:
    """A moment of a run that began at 0: 0:09:57, or 1:20 without seconds."""
    if seconds is None:
        return ""
    total = round(seconds)
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    return f"{hours}:{minutes:02}:{rest:02}" if rest else f"{hours}:{minutes:02}"


@register.filter
def instant_in_full(seconds: float) -> str:
    """A moment of a run that began at 0, always with its seconds: 0:09:00."""
    total = round(seconds)
    return f"{total // 3600}:{total // 60 % 60:02}:{total % 60:02}"


@register.filter
def real(moment: datetime, cluster: Any) -> datetime:
    """The real moment at which a cluster's clock shows another."""
    shown: datetime = cluster.clock.real(moment)
    return shown


@register.filter
def cluster_span(seconds: float | None, cluster: Any) -> str:
    """A length of time by a cluster's clock, and in brackets by the clock on the wall where that runs otherwise."""
    if seconds is None or cluster.clock_speed == 1:
        return span(seconds)
    return f"{span(seconds)} ({span(seconds / cluster.clock_speed)} wall time)"


@register.filter
def from_wall(seconds: float | None, cluster: Any) -> str:
    """The same of real seconds."""
    return cluster_span(None if seconds is None else seconds * cluster.clock_speed, cluster)


@register.filter
def per_second(rate: float | None, cluster: Any) -> str:
    """So many in each second of a cluster's clock, from so many in a real second."""
    return num(None if rate is None else rate / cluster.clock_speed)


@register.filter
def wall_rate(rate: float | None, cluster: Any) -> str:
    """Behind so many in each second of a cluster's clock: in brackets those of a second on the wall, if they differ."""
    return on_wall(None if rate is None else rate * cluster.clock_speed, cluster)


@register.filter
def on_wall(rate: float | None, cluster: Any) -> str:
    """Behind a rate of a cluster's clock: in brackets the same from so many in a second on the wall, if they differ."""
    return "" if not rate or cluster.clock_speed == 1 else f" ({num(rate)} wall time)"


@register.filter
def shown_id(user: Any) -> str:
    """The user ID of a person, or of a text that is one; a pseudonym while names are hidden."""
    return pseudonyms.user_id(str(getattr(user, "user_id", user)))


@register.filter
def shown_name(user: Any) -> str:
    """The name of a person; a pseudonym while names are hidden."""
    return pseudonyms.name(user.name, user.user_id)


@register.filter
def shown_mail(user: Any) -> str:
    """The mail address of a person; made up while names are hidden."""
    return pseudonyms.mail(user.mail, user.user_id)


@register.filter
def shown_uri(user: Any) -> str:
    """The directory URI of a person; made up while names are hidden."""
    return pseudonyms.uri(user.directory_uri, user.user_id)


@register.filter
def account(name: str) -> str:
    """Who did something; a number while names are hidden."""
    return pseudonyms.account(name)


@register.filter
def sentence(told: Any) -> str:
    """What was refused or has happened, in words; without names while they are hidden; "" for None."""
    if told is None:
        return ""
    reason = _reason(told)
    return times.sentence(reason, _facts(told)) if reason else str(told.sentence)


@register.filter
def sentence_text(told: Any) -> str:
    """The same as plain text, for an attribute."""
    if told is None:
        return ""
    reason = _reason(told)
    return sentences.say(reason, _facts(told)) if reason else str(told.sentence)


@register.filter
def fix(told: Any) -> str:
    """What to do about it."""
    reason = _reason(told) if told else None
    return times.fix(reason, _facts(told)) if reason else ""


def _reason(told: Any) -> Reason | None:
    reason: Reason | None = told.reason if hasattr(told, "reason") else told.why
    return reason


def _facts(told: Any) -> Mapping[str, Any]:
    facts: Mapping[str, Any] = told.told if hasattr(told, "told") else told.facts
    return facts


@register.filter
def shown_text(text: str) -> str:
    """What somebody typed in words of their own; hidden while names are."""
    return pseudonyms.text(text)
