"""Ticks that tests of health are about."""

import pytest

from topology.live import events, health


def codes() -> list[str]:
    return [trouble.code for trouble in health.troubles()]


def works(monkeypatch: pytest.MonkeyPatch, *, lives: bool, waiting: int) -> None:
    monkeypatch.setattr(events, "waiting_tasks", lambda: waiting)
    monkeypatch.setattr(events, "worker_lives", lambda: lives)
