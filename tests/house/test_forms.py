"""What an address or a form says is read by a Django form: no view picks single values out of a request."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

BY_HAND = {
    "assignments/simulation/views/whatif.py",  # what is typed is shown again, right or wrong (docs/decisions.md)
    "topology/views/reading.py",  # the middleware that looks at all of them
    "topology/live/stream.py",  # a protocol between our own scripts and the hub
    "topology/api/trying.py",  # the API has schemas; this is its dry run, ahead of them
}
READS = ("get", "getlist", "lists", "items")
ROOT = Path(settings.BASE_DIR)


def by_hand(source: str) -> Iterator[int]:
    """The lines that read a value of request.GET or request.POST."""
    for node in ast.walk(ast.parse(source)):
        is_read = isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in READS)
        if is_read and ast.unparse(node.value) in ("request.GET", "request.POST"):
            yield node.lineno


def test_a_value_read_by_hand_is_found() -> None:
    read = "a = request.GET.get('x')\nb = request.POST['x']\nc = request.POST.getlist('x')"
    assert sorted(by_hand(read)) == [1, 2, 3]
    assert list(by_hand("a = 'x' in request.GET\nb = read_form(Form, request.POST)['x']")) == []


def test_views_read_requests_by_forms() -> None:
    paths = [path for room in ("assignments", "topology") for path in (ROOT / room).rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in paths if any(by_hand(path.read_text()))}
    assert found - BY_HAND == set()
    assert BY_HAND - found == set()
