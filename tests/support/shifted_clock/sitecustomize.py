"""What Python needs under faketime, in every process that has this folder in its PYTHONPATH (tests/support/shifted.py).

time.sleep waits until an instant of the monotonic clock, by a call that faketime answers with EINVAL where that clock
is left alone; and where it is not, waiting for locks hangs. So it waits for a span, as the system's own sleep does.
"""

import select
import time


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds)


time.sleep = _sleep
