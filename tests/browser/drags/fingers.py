"""What several files of drags use: the users that are dragged, and a finger."""

from collections.abc import Callable

from playwright.sync_api import Page

Open = Callable[..., Page]

THREE = ("imp1a-0001", "imp1a-0002", "imp1a-0003")


def finger(page: Page) -> Callable[..., None]:
    """Touch events as a screen sends them."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, ...]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    return touch
