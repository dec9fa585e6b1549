"""Files of the page under a running local server: what changes is served anew, whole."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from whitenoise.middleware import WhiteNoiseMiddleware


def test_a_file_that_grows_under_a_running_server_is_served_whole(tmp_path: Path) -> None:
    assert settings.WHITENOISE_AUTOREFRESH  # tests run with the settings of a local run
    script = tmp_path / "grows.js"
    script.write_text("let a;")
    finders.get_finder.cache_clear()
    try:
        with override_settings(STATICFILES_DIRS=[tmp_path]):
            server = WhiteNoiseMiddleware(lambda request: HttpResponse(status=404))
            for text in ("let a;", "let a, b, c;", "let a, b, c, d;"):
                script.write_text(text)
                answer = server(RequestFactory().get("/static/grows.js"))
                assert b"".join(answer.streaming_content).decode() == text  # type: ignore[attr-defined]
                assert int(answer["Content-Length"]) == len(text)
    finally:
        finders.get_finder.cache_clear()


@pytest.mark.parametrize("path", ["css/console.css", "js/drag.js"])
def test_the_files_of_the_page_are_served(path: str) -> None:
    server = WhiteNoiseMiddleware(lambda request: HttpResponse(status=404))
    answer = server(RequestFactory().get(f"/static/{path}"))
    text = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert text == (settings.BASE_DIR / "static" / path).read_bytes()
