"""The page's own JavaScript reads well: modules of one subject with lines that fit, named by hash in production."""

import re
from pathlib import Path

from django.core.management import call_command
from django.test import override_settings

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = sorted((ROOT / "static" / "js").glob("**/*.js"))


def test_no_script_is_longer_than_a_file_of_one_subject() -> None:
    assert SCRIPTS
    assert [path.name for path in SCRIPTS if len(path.read_text().splitlines()) > 200] == []


def test_no_line_of_a_script_is_too_long_to_read() -> None:
    long = [
        f"{path.name}:{number}"
        for path in SCRIPTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 120
    ]
    assert long == []


def test_what_a_module_imports_is_there_and_every_module_is_used() -> None:
    imports = {
        path.name: {
            (path.parent / used).resolve()
            for used in re.findall(r'^import .*?"(\.[\w/.-]+\.js)";', path.read_text(), re.M)
        }
        for path in SCRIPTS
    }
    imported = {used for all_used in imports.values() for used in all_used}
    assert imported <= set(SCRIPTS)
    pages = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    loaded = {ROOT / "static" / name for name in re.findall(r"js/[\w/-]+\.js", pages)}
    assert set(SCRIPTS) - loaded == imported


def test_production_names_modules_by_hash_also_where_others_import_them(tmp_path: Path) -> None:
    """No import map: it would be an inline script. Relative imports hold below any URL_PREFIX."""
    storages = {"staticfiles": {"BACKEND": "config.static_storage.HashedModules"}}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages, STATICFILES_DIRS=[ROOT / "static"]):
        call_command("collectstatic", interactive=False, verbosity=0)
    hashed = [path for path in (tmp_path / "js").rglob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", path.name)]
    assert len(hashed) == len(SCRIPTS)
    imported = {
        (path.parent / used).resolve() for path in hashed for used in re.findall(r'"(\.[/.][^"]+)"', path.read_text())
    }
    assert imported <= set(hashed)
    assert len(imported) > 10
