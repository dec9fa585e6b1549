"""Files of the page under a running local server: what changes is served anew, whole, and compressed on the way."""

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.utils.module_loading import import_string

from config.local.static_files import CompressedFiles
from config.static_front import StaticFront


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


class Answer:
    """What the server sends, or that it left the request to the application behind it."""

    status = 0

    def __init__(self, path: str, method: str = "GET", **headers: str) -> None:
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": named}
        self.is_left, self.body = False, b""
        server = StaticFront(self._leave, import_string(settings.STATIC_SERVER)(lambda request: None))
        asyncio.run(server(scope, None, self._send))

    async def _leave(self, scope: Any, receive: Any, send: Any) -> None:
        self.is_left = True

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.body += message["body"]


def test_the_server_asks_for_files_ahead_of_everything() -> None:
    text = (settings.BASE_DIR / "config" / "asgi.py").read_text()
    assert "application = StaticFront(" in text
    assert not any("hite" in name or "ompress" in name for name in settings.MIDDLEWARE)  # there is one way to a file


def test_what_is_sent_is_compressed_for_who_accepts_it() -> None:
    file = settings.BASE_DIR / "static" / "vendor" / "tabler" / "tabler.min.css"
    answer = Answer("/static/vendor/tabler/tabler.min.css", accept_encoding="gzip")
    assert answer.status == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
    assert gzip.decompress(answer.body) == file.read_bytes()
    assert len(answer.body) < file.stat().st_size / 3


@pytest.mark.parametrize("headers", [{"accept_encoding": "gzip", "range": "bytes=0-9"}, {}])
def test_a_part_and_who_does_not_accept_it_get_the_file_as_it_is(headers: dict[str, str]) -> None:
    answer = Answer("/static/js/drag/drag.js", **headers)
    assert "content-encoding" not in answer.headers
    assert (settings.BASE_DIR / "static" / "js" / "drag" / "drag.js").read_bytes().startswith(answer.body)
    assert int(answer.headers["content-length"]) == len(answer.body) > 0
    assert answer.status == (206 if "range" in headers else 200)


def test_a_file_that_did_not_change_is_not_sent_again() -> None:
    first = Answer("/static/js/say.js")
    again = Answer("/static/js/say.js", if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    head = Answer("/static/js/say.js", method="HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(first.body)))
    assert Answer("/static/js/say.js", method="POST").status == 405


@pytest.mark.parametrize(
    "path",
    ["/", "/static/none.js", "/static/", "/static/js", "/static/../manage.py", "/static/js/../js/say.js", "/x\0"],
)
def test_what_is_no_file_is_left_to_the_application(path: str) -> None:
    assert Answer(path).is_left


def test_a_file_is_as_guarded_as_a_page() -> None:
    told = Answer("/static/js/say.js", host="console.test").headers
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in told
    with override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=60, ALLOWED_HOSTS=["console.test"]):
        plain = Answer("/static/js/say.js", host="console.test")
        assert (plain.status, plain.headers["location"]) == (301, "https://console.test/static/js/say.js")
        safe = Answer("/static/js/say.js", host="console.test", x_forwarded_proto="https")
        assert (safe.status, safe.headers["strict-transport-security"]) == (200, "max-age=60")
        assert Answer("/static/js/say.js", host="elsewhere.test").is_left  # Django refuses the name of the host


def test_in_production_a_file_is_sent_as_it_was_compressed_once(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("let a;" * 100)
    (tmp_path / "a.js.gz").write_bytes(gzip.compress(b"let a;" * 100))
    with override_settings(
        STATIC_ROOT=tmp_path,
        STATIC_SERVER="whitenoise.middleware.WhiteNoiseMiddleware",
        WHITENOISE_AUTOREFRESH=False,
        WHITENOISE_USE_FINDERS=False,
    ):
        answer = Answer("/static/a.js", accept_encoding="gzip, br")
        assert answer.body == (tmp_path / "a.js.gz").read_bytes()
        assert answer.headers["content-encoding"] == "gzip"
        assert Answer("/static/a.js").body == (tmp_path / "a.js").read_bytes()
        assert Answer("/static/js/say.js").is_left
