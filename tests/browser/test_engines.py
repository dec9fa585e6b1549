"""The console in other engines than Chromium: firefox.py lists what runs in Firefox as well."""

from importlib import import_module

from tests.browser.firefox import IN_FIREFOX


def test_every_test_of_the_list_for_firefox_exists() -> None:
    for module, name in IN_FIREFOX:
        assert callable(getattr(import_module(f"tests.browser.{module}"), name, None)), (module, name)
