"""docs/architecture.md and the code say the same: rooms, pure files, who writes, locks, topics, names of files."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_imports import ALL, BEYOND, is_pure

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text()
SCRIPTS = ROOT / "static" / "js" / "live"
CLUSTER, IMPORTS, SUBCLUSTERS = range(3)  # in the order in which they are taken
LOCKS = {
    "hold_cluster": [CLUSTER],
    "guards.hold_alone": [CLUSTER],
    "guards.hold": [CLUSTER, SUBCLUSTERS],
    "guards.hold_with_users": [CLUSTER, IMPORTS, SUBCLUSTERS],
    "hold_imports": [IMPORTS],
    "hold_subclusters": [SUBCLUSTERS],
    "hold_subclusters_of": [SUBCLUSTERS],
    "hold_places": [SUBCLUSTERS],
}
SPOKEN = {"record", "touch", "publish", "show", "hide", "keep"}  # of events: what tells or keeps something
WRITES = {"create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
WRITERS_AT_THE_EDGE = {"topology.api.guard"}  # kept answers of repeated requests; the document says so
OBJECT = re.compile(r"\.objects\b")


def section(title: str) -> str:
    return TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """The first column of the tables of a text."""
    return re.findall(r"^\| ([^|]*) \|", text, re.M)


# --- Rooms ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("app", ["topology", "assignments"])
def test_the_table_of_rooms_has_every_room(app: str) -> None:
    rooms = {path.parent.name for path in (ROOT / app).glob("*/__init__.py")} - {"migrations"}
    named = re.findall(rf"`{app}/(\w+)`", "\n".join(first_cells(section("Rooms"))))
    assert rooms - set(named) <= {"api", "management", "templatetags"}, "edges and tags of both apps are no rooms"
    assert set(named) <= rooms


def test_the_table_of_rooms_has_the_order_of_the_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == ["assignments"])
    lowest_first = [set(re.findall(r"\w+", layer)) for layer in reversed(layers)]
    place = {room: number for number, layer in enumerate(lowest_first) for room in layer}
    named = re.findall(r"`assignments/(\w+)`", "\n".join(first_cells(section("Rooms"))))
    assert [place[room] for room in named] == sorted(place[room] for room in named)


# --- Layers ---------------------------------------------------------------------------------------
def test_the_layer_of_pure_files_is_the_one_that_a_test_holds() -> None:
    told = next(line for line in section("Layers").splitlines() if line.startswith("| pure |"))
    elsewhere = {name for name, _ in ALL if is_pure(name) and ".rules" not in name}
    named = {path.removesuffix(".py").strip("/").replace("/", ".") for path in re.findall(r"`([\w/.]+)`", told)}
    assert all(any(name == one or name.startswith(one + ".") for one in named) for name in elsewhere)
    assert all("HiGHS" in told for _ in BEYOND)


def is_edge(module: str) -> bool:
    parts = module.split(".")
    return bool({"views", "api", "management", "tasks", "urls"} & set(parts[1:])) or module == "topology.live.stream"


@pytest.mark.parametrize(("name", "path"), [each for each in ALL if is_edge(each[0])], ids=lambda each: str(each))
def test_what_stands_at_the_edge_writes_and_publishes_nothing(name: str, path: Path) -> None:
    for call in calls(ast.parse(path.read_text())):
        verb = ast.unparse(call.func)
        assert verb not in {f"events.{word}" for word in SPOKEN}, f"{name} publishes: {verb}"
        wrote = OBJECT.search(verb) and verb.rpartition(".")[2] in WRITES
        assert not wrote or name in WRITERS_AT_THE_EDGE, f"{name} writes: {verb}"


def test_celery_is_named_where_the_document_says() -> None:
    told = next(line for line in section("Layers").splitlines() if "Celery is named" in line)
    using = {
        str(path.relative_to(ROOT)) for _, path in ALL if re.search(r"^(from|import) celery", path.read_text(), re.M)
    }
    assert using == set(re.findall(r"`([\w/]+\.py)`", told.partition("Celery is named")[2]))


# --- Locks ----------------------------------------------------------------------------------------
def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_locks_are_taken_in_the_order_that_the_document_gives() -> None:
    order = next(text for text in re.split(r"\n- ", section("Writing")) if "Lock order" in text)
    words = [order.index(word) for word in ("the cluster (", "all imports", "subclusters by", "then rows")]
    assert words == sorted(words)
    seen = 0
    for name, path in ALL:
        for part in ast.walk(ast.parse(path.read_text())):
            if isinstance(part, ast.FunctionDef):
                asked = sorted((call.lineno, ast.unparse(call.func).removeprefix("locks.")) for call in calls(part))
                taken = [lock for _, called in asked for lock in LOCKS.get(called, [])]
                seen += len(taken)
                assert taken == sorted(taken), f"{name}.{part.name}"
    assert seen > 25


# --- Topics ---------------------------------------------------------------------------------------
def announced() -> set[str]:
    """The kinds of topics that are announced: what is before the key in f"node-{pk}", and the words without a key."""
    found = set()
    for name, path in ALL:
        text = path.read_text()
        if "events" in text and "rules" not in name.split("."):
            found |= set(
                re.findall(r"(?:topics=\[[^\]]*|touch\([^)]*|topics = \[[^\]]*|named\.append\()f\"([a-z]+)-\{", text)
            )
            found |= set(re.findall(r"(?:topics=\[|touch\()\"([a-z]+)\"", text))
            found |= set(re.findall(r"^(?:TOPIC|PEERS|TROUBLE) = \"([a-z]+)\"", text, re.M))
    return found


def test_the_table_of_topics_has_each_one_that_is_announced_or_listened_to() -> None:
    table = section("Live page").partition("Topics, each")[2].partition("`static/js/live/versions.js`")[0]
    named = {topic.removesuffix("-N") for cell in first_cells(table) for topic in re.findall(r"`([a-zN-]+)`", cell)}
    pages = "\n".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    values = " ".join(re.findall(r'data-live="([^"]*)"', pages))
    live = set(re.findall(r"([a-z]+)(?=-\{| |$)", re.sub(r"\{\{[^}]*\}\}", "{", values)))
    assert len(live) > 8
    assert announced() - named == set()
    assert live - named == set()
    assert named - announced() - live == set()


# --- What is named exists -------------------------------------------------------------------------
def test_every_file_that_is_named_exists() -> None:
    whole = set(re.findall(r"`((?:assignments|topology|config|static|tests|docs|templates)/[\w/.]*)`", TEXT))
    assert len(whole) > 25
    assert [name for name in whole if not (ROOT / name).exists()] == []
    scripts = section("Live page").partition("Modules of `static/js/live/`:")[2].partition(".\n")[0]
    named = re.findall(r"`(\w+)`", scripts)
    assert len(named) > 5
    assert [name for name in named if not (SCRIPTS / f"{name}.js").exists()] == []


def test_every_section_of_the_domain_that_is_cited_exists() -> None:
    sections = set(re.findall(r"^#+ ([\d.]+\d|\d)\.? ", (ROOT / "docs" / "domain.md").read_text(), re.M))
    assert len(sections) > 25
    files = [ROOT / "docs" / name for name in ("decisions.md", "recovery.md", "user-guide.md")] + [
        path for _, path in ALL
    ]
    cited = {(path.name, number) for path in files
             for found in re.findall(r"domain\.md`? (§[\d.]*\d(?:(?:, | and )§[\d.]*\d)*)", path.read_text())
             for number in re.findall(r"[\d.]*\d", found)}  # fmt: skip
    assert len(cited) > 20
    assert sorted(one for one in cited if one[1] not in sections) == []


def test_the_htmx_that_is_served_is_the_one_that_the_decisions_name() -> None:
    said = re.search(r"`static/vendor/htmx`, ([\d.]+\d)", (ROOT / "docs" / "decisions.md").read_text())
    assert said
    assert f'version:"{said[1]}"' in (ROOT / "static" / "vendor" / "htmx" / "htmx.min.js").read_text()


def test_dependencies_are_apart_from_dated_decisions() -> None:
    text = (ROOT / "docs" / "decisions.md").read_text()
    libraries, _, dated = text.partition("## Dependencies\n")[2].partition("## Dated\n")
    assert "**2026-" not in libraries
    lines = [line for line in dated.splitlines() if line.startswith("- ")]
    assert len(lines) > 150
    assert [line[:60] for line in lines if not re.match(r"- \*\*2026-\d\d-\d\d — ", line)] == []
