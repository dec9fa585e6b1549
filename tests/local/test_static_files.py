"""Files of the page under a running local server: what changes is served anew, whole, and compressed on the way."""

import gzip
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings

from config.local.static_files import CompressedFiles


def test_a_file_that_grows_under_a_running_server_is_served_whole(tmp_path: Path) -> None:
    assert settings.WHITENOISE_AUTOREFRESH  # tests run with the settings of a local run
    script = tmp_path / "grows.js"
    script.write_text("let a;")
    finders.get_finder.cache_clear()
    try:
        with override_settings(STATICFILES_DIRS=[tmp_path]):
            server = CompressedFiles(lambda request: HttpResponse(status=404))
            for text in ("let a;", "let a, b, c;", "let a, b, c, d;"):
                script.write_text(text)
                answer = server(RequestFactory().get("/static/grows.js"))
                assert b"".join(answer.streaming_content).decode() == text  # type: ignore[attr-defined]
                assert int(answer["Content-Length"]) == len(text)
    finally:
        finders.get_finder.cache_clear()


@pytest.mark.parametrize("path", ["css/console.css", "js/drag/drag.js"])
def test_the_files_of_the_page_are_served(path: str) -> None:
    server = CompressedFiles(lambda request: HttpResponse(status=404))
    answer = server(RequestFactory().get(f"/static/{path}"))
    text = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert text == (settings.BASE_DIR / "static" / path).read_bytes()


def test_what_is_sent_is_compressed_for_who_accepts_it(client: Client) -> None:
    assert "config.local.static_files.CompressedFiles" in settings.MIDDLEWARE
    file = settings.BASE_DIR / "static" / "vendor" / "tabler" / "tabler.min.css"
    answer = client.get("/static/vendor/tabler/tabler.min.css", headers={"accept-encoding": "gzip"})
    sent = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert gzip.decompress(sent) == file.read_bytes()
    assert len(sent) < file.stat().st_size / 3


@pytest.mark.parametrize("headers", [{"accept-encoding": "gzip", "range": "bytes=0-9"}, {}])
def test_a_part_and_who_does_not_accept_it_get_the_file_as_it_is(client: Client, headers: dict[str, str]) -> None:
    answer = client.get("/static/js/drag/drag.js", headers=headers)
    sent = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert "Content-Encoding" not in answer
    assert (settings.BASE_DIR / "static" / "js" / "drag" / "drag.js").read_bytes().startswith(sent)
    assert int(answer["Content-Length"]) == len(sent) > 0
