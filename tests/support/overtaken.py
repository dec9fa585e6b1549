"""Somebody who waits for a lock while another changes the same: what comes of it."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

WAITERS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def overtaken(verb: Callable[[], Any], change: Callable[[], Any], meanwhile: Callable[[], Any] = lambda: None) -> Any:
    """What comes of a verb, its exception too, that waits for a lock while a change before it is not committed yet.

    What happens `meanwhile` does while it waits.
    """
    answer: list[Any] = []

    def run() -> None:
        try:
            answer.append(verb())
        except Exception as error:
            answer.append(error)
        finally:
            connection.close()

    waiter = threading.Thread(target=run)
    with transaction.atomic():
        change()
        waiter.start()
        while waiter.is_alive() and not somebody_waits():
            waiter.join(0.01)
        meanwhile()
    waiter.join()
    return answer[0]


def somebody_waits() -> bool:
    """Whether any connection waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(WAITERS)
        return bool(cursor.fetchone()[0])
