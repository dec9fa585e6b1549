"""The password of a directory is nowhere but encrypted beside its agreement: tables, files, logs, answers are read."""

from __future__ import annotations

import io
import json
import logging
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from assignments.directory import secret, sync
from assignments.models import DirectoryAgreement
from tests.board.pages import as_
from tests.directory import slapd as real
from tests.directory.conftest import Directory
from topology.accounts import roles, tokens
from topology.models import Cluster
from topology.reasons import Refused

pytestmark = pytest.mark.django_db
WRONG = "wrong-one-4711"
PAGES = ("directory/", "history/", "checks/", "", "directory/skipped")
CALLS = ("/clusters/crowd/directory", "/clusters/crowd/directory/runs", "/events?limit=1000", "/clusters/crowd/checks")


class Told:
    """All that was said, kept or written, by where."""

    def __init__(self, log: pytest.LogCaptureFixture) -> None:
        self.log, self.texts = log, {}  # type: ignore[var-annotated]

    def command(self, *words: str) -> None:
        out, beside = io.StringIO(), io.StringIO()
        try:
            call_command(*words, stdout=out, stderr=beside)
        except (CommandError, SystemExit) as ended:
            beside.write(str(ended))
        self.texts[f"manage.py {' '.join(words)}"] = out.getvalue() + beside.getvalue()

    def tables(self) -> None:
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT string_agg(each::text, chr(10)) FROM "{table}" each')
                self.texts[f"table {table}"] = cursor.fetchone()[0] or ""

    def files(self, folder: Path) -> None:
        for path in folder.rglob("*"):
            if path.is_file():
                self.texts[f"file {path.name}"] = path.read_bytes().decode(errors="replace")

    def page(self, client: Client, path: str) -> None:
        answer = client.get(path, follow=True)
        assert answer.status_code == 200, path
        self.texts[path] = answer.content.decode()

    def where(self, word: str) -> list[str]:
        """Where a word stands, also as bytes of a column or in base64."""
        forms = (word, word.encode().hex(), b64encode(word.encode()).decode())
        texts = self.texts | {
            "log": "\n".join(f"{one.getMessage()} {one.args} {one.exc_text}" for one in self.log.records)
        }
        return [place for place, text in texts.items() if any(form in text for form in forms)]


def test_the_password_is_in_no_table_file_log_page_answer_or_error(
    crowd: Cluster, directory: Directory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
    settings: Any, tmp_path: Path,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    directory.add("a", "b")
    told = Told(caplog)
    document = tmp_path / "agreement.yaml"
    document.write_text(json.dumps(directory.agreement()))  # JSON is YAML
    admin = as_(roles.ADMINISTRATOR)
    program = Client(headers={"Authorization": f"Bearer {tokens.create('ci', roles.ADMINISTRATOR, actor='t')[1]}"})

    # In order, refused, and with a lost key: by command, over the API and on the page.
    told.command("apply_directory", str(document), "--json")
    told.command("sync_directory", "crowd", "--json")
    assert '"read": 2' in told.texts["manage.py sync_directory crowd --json"]
    body = json.dumps(directory.agreement() | {"password": WRONG})
    for method, path in (("POST", "/clusters/crowd/directory/test"), ("PUT", "/clusters/crowd/directory")):
        answer = program.generic(method, f"/api/v1{path}", body, "application/json")
        told.texts[f"{method} {path}"] = answer.content.decode()
    with pytest.raises(Refused) as refused:
        sync.sync(crowd)
    told.texts["the refusal"] = repr(refused.value) + str(refused.value.as_dict())
    assert refused.value.code == "DIRECTORY_BIND_REFUSED"
    told.command("sync_directory", "crowd")
    told.command("sync_directory", "crowd", "--dry-run", "--json")
    form = {
        "servers": directory.slapd.url,
        "bind_dn": real.ADMIN,
        "password": WRONG,
        "base": directory.base,
        "test": "1",
    }
    told.texts["the form"] = admin.post("/clusters/crowd/directory/agreement", form, follow=True).content.decode()
    told.command("apply_directory", str(document))
    (settings.DATA_DIR / secret.FILE).rename(tmp_path / "the key that was lost")
    told.command("sync_directory", "crowd", "--json")
    told.command("check_topology", "crowd", "--json")
    told.command("show_topology", "crowd", "--json")
    told.command("export_assignments", "crowd")
    for page in PAGES:
        told.page(admin, f"/clusters/crowd/{page}")
    for call in CALLS:
        told.page(program, f"/api/v1{call}")
    told.tables()
    told.files(settings.DATA_DIR)
    told.files(tmp_path)

    assert len(told.texts) > 60
    assert caplog.records
    assert DirectoryAgreement.objects.get().password, "it is there, encrypted"
    assert told.where(real.PASSWORD) == []
    assert told.where(WRONG) == []


def test_the_search_would_find_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = Told(caplog)
    logging.getLogger("x").warning("refused: %s", WRONG)
    told.texts |= {"plain": f"a{WRONG}b", "bytes": WRONG.encode().hex(), "base64": b64encode(WRONG.encode()).decode()}
    assert told.where(WRONG) == ["plain", "bytes", "base64", "log"]
