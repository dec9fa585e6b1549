"""The least that a stream can do: one process that sends given bytes at a pace to all who came, and renders nothing.

python -m tests.bench.bare.stream PORT PAUSE SIZE…   (seconds between two messages; bytes of each, again and again)
"""

import asyncio
import itertools
import sys
import time
from contextlib import suppress

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


async def serve(port: int, pause: float, sizes: list[int]) -> None:
    """Accept whoever comes, and send until the process is ended."""
    writers: set[asyncio.StreamWriter] = set()

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # who only looked whether it is there
            await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        writers.add(writer)
        with suppress(ConnectionError):
            await reader.read()
        writers.discard(writer)

    await asyncio.start_server(come, "127.0.0.1", port)
    for size in itertools.cycle(sizes):
        await asyncio.sleep(pause)
        # As if the commit was one window ago: both are counted from the end of the window.
        head = f'event: cluster\ndata: <div data-committed="{int(time.time() * 1000) - 250}">'.encode()
        told = head + b"x" * max(0, size - len(head) - 8) + b"</div>\n\n"
        for writer in list(writers):
            writer.write(told)
            await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), [int(text) for text in sys.argv[3:]]))
