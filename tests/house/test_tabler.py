"""Tabler's stylesheet is vendored without what nothing names; what is named is there."""

import re

from django.conf import settings

STATIC = settings.BASE_DIR / "static"
STYLES = (STATIC / "vendor" / "tabler" / "tabler.min.css").read_text()
# Every class of the whole stylesheet, as `make tabler` wrote them down.
OF_TABLER = set((settings.BASE_DIR / "tests" / "vendor" / "tabler" / "classes.txt").read_text().split())
# Ours of the same name: Tabler's apply to them only inside another class, which we do not use.
ONLY_INSIDE = {"star": "stars"}
WRITTEN = re.compile(r"""(?:\bclass=|\bclassName\s*[:=]\s*|\bclassList\.\w+\()\s*(["'`])(.*?)\1""", re.S)


def words_of_classes() -> set[str]:
    """Every word that stands where classes stand, in templates, scripts and what writes HTML in Python."""
    files = [*(settings.BASE_DIR / "templates").rglob("*.html"), *(STATIC / "js").rglob("*.js")]
    files += [path for room in ("topology", "assignments") for path in (settings.BASE_DIR / room).rglob("*.py")]
    return {
        word
        for path in files
        for _, classes in WRITTEN.findall(path.read_text())
        for word in re.findall(r"[\w-]+", classes)
    }


def defined(styles: str) -> set[str]:
    selectors = re.sub(r"url\([^)]*\)", "", styles)
    return {name.replace("\\", "") for name in re.findall(r"\.(-?[_a-zA-Z](?:\\.|[\w-])*)", selectors)}


def test_every_class_of_tablers_that_is_used_is_in_the_purged_file() -> None:
    used = words_of_classes() & OF_TABLER
    assert {"btn", "btn-primary", "form-control", "visually-hidden", "table"} <= used
    assert not used & set(ONLY_INSIDE.values())
    assert used - defined(STYLES) - set(ONLY_INSIDE) == set(), "`make tabler` takes new classes of Tabler's along"


def test_what_nothing_uses_is_gone() -> None:
    assert len(OF_TABLER) > 3000
    assert len(STYLES) < 100_000


def test_it_says_whose_it_is_and_keeps_both_themes() -> None:
    assert "Tabler v1.6.1" in STYLES[:200]
    assert "Licensed under MIT" in STYLES[:400]
    assert "[data-bs-theme=dark]" in STYLES
    assert "sourceMappingURL" not in STYLES
