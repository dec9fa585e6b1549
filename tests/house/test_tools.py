"""Programs from outside: found, installed once, and never missed in silence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tools
from tests.tools import TOOLS, Tool

ROOT = Path(__file__).resolve().parent.parent.parent

# Answers to apt-get: keeps what it was told, says whether services may start, and "installs" all but "unknown".
APT_GET = """#!/bin/sh
echo "$@" >> {folder}/calls
[ "$1" = update ] && exit 0
test -x {folder}/policy && echo held >> {folder}/calls
case " $* " in *" unknown "*) exit 100;; esac
for word in "$@"; do
    case "$word" in made-*) printf '#!/bin/sh\\n' > {folder}/$word; chmod +x {folder}/$word;; esac
done
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the machine's PATH, with an apt-get that knows packages named made-…"""
    apt_get = tmp_path / "apt-get"
    apt_get.write_text(APT_GET.format(folder=tmp_path))
    apt_get.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(tools, "POLICY", tmp_path / "policy")
    monkeypatch.setattr(tools, "may_install", lambda: True)
    monkeypatch.setattr(tools.tempfile, "gettempdir", lambda: str(tmp_path))
    for variable in ("CI", "NO_BROWSER"):
        monkeypatch.delenv(variable, raising=False)
    for name in ("made-one", "made-two", "unknown"):
        monkeypatch.setitem(TOOLS, name, Tool(name, (name,)))
    tools._find_after_install.cache_clear()
    return tmp_path


def calls(machine: Path) -> list[str]:
    """What apt-get was told, without its options."""
    said = (machine / "calls").read_text().splitlines() if (machine / "calls").exists() else []
    return [" ".join(word for word in line.split() if not word.startswith(("-", "DPkg"))) for line in said]


def test_a_tool_is_installed_once_and_found_then(machine: Path) -> None:
    assert tools.need("made-one") == str(machine / "made-one")
    assert tools.need("made-one") == str(machine / "made-one")
    assert calls(machine) == ["update", "install made-one", "held"]


def test_all_that_is_missing_is_installed_together_and_no_server_starts(machine: Path) -> None:
    assert tools.install(["made-one", "made-two"]) == []
    assert calls(machine) == ["update", "install made-one made-two", "held"]
    assert not (machine / "policy").exists(), "the rule stays only while packages are installed"


def test_a_rule_of_the_machine_stays(machine: Path) -> None:
    (machine / "policy").write_text("the machine's own")
    tools.install(["made-one"])
    assert (machine / "policy").read_text() == "the machine's own"


def test_one_unknown_package_keeps_no_other_away(machine: Path) -> None:
    assert tools.install(["made-one", "unknown", "made-two"]) == ["unknown"]
    assert (machine / "made-two").exists()


def test_what_cannot_be_had_is_skipped_with_the_reason_and_tried_once(machine: Path) -> None:
    for _ in range(2):
        with pytest.raises(pytest.skip.Exception, match="apt-get install unknown"):
            tools.need("unknown")
    assert calls(machine).count("install unknown") == 1


def test_what_cannot_be_had_fails_in_ci(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install unknown"):
        tools.need("unknown")


def test_tests_of_a_required_tool_fail_anywhere(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOOLS, "unknown", Tool("unknown", ("unknown",), is_required=True))
    with pytest.raises(pytest.fail.Exception):
        tools.need("unknown")


def test_without_the_right_to_install_nothing_is_tried(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "may_install", lambda: False)
    with pytest.raises(pytest.skip.Exception):
        tools.need("made-one")
    assert calls(machine) == []


def test_a_machine_without_browsers_is_left_so(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_BROWSER", "1")
    monkeypatch.setenv("CI", "true")
    browsers = [name for name, tool in TOOLS.items() if tool.is_browser]
    assert tools.install(browsers) == []
    for name in browsers:
        with pytest.raises(pytest.skip.Exception, match="NO_BROWSER"):
            tools.need(name)
    assert calls(machine) == []


def test_a_variable_names_another_program(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NGINX", sys.executable)
    assert tools.need("nginx") == sys.executable
    monkeypatch.setenv("NGINX", "/nowhere/nginx")
    assert tools.find(TOOLS["nginx"]) is None, "another than the one named is not taken for it"


def test_a_better_program_is_taken_where_it_is(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOOLS, "made-one", Tool("made-one", ("made-one",), better=("made-two",)))
    assert tools.need("made-one") == str(machine / "made-one")
    tools.install(["made-two"])
    assert tools.need("made-one") == str(machine / "made-two")
    monkeypatch.setenv("MADE_ONE", str(machine / "made-one"))
    assert tools.need("made-one") == str(machine / "made-one")


def test_it_runs_before_the_tests_of_make() -> None:
    recipe = subprocess.run(
        ["make", "-n", "test", "PYTHON=python3"], capture_output=True, text=True, env=os.environ, check=True
    ).stdout
    assert recipe.index("-m tests.tools") < recipe.index("-m pytest")


def test_ci_installs_programs_beside_the_packages_of_python(tmp_path: Path) -> None:
    """With a Python that has no packages at all, so that neither waits for the other."""
    ci = (ROOT / ".ci" / "run").read_text()
    assert ci.index("-m tests.tools") < ci.index("deploy-check")
    # -S: not even what this environment has installed can be imported.
    done = subprocess.run(
        [sys.executable, "-S", "-m", "tests.tools"], cwd=ROOT, capture_output=True, text=True,
        env={"PATH": str(tmp_path), "NO_BROWSER": "1"}, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
