"""Lists of users for tests of imports."""

import io


def csv_of(*lines: str, end: str = "\n", encoding: str = "utf-8") -> io.BytesIO:
    """A file of these lines."""
    return io.BytesIO("".join(line + end for line in lines).encode(encoding))


def numbered(count: int, start: int = 1, columns: str = "desk_phone,100") -> io.BytesIO:
    """So many users u000001, u000002, … with endpoints and contacts."""
    rows = (f"u{n:06},Person {n},u{n:06}@example.org,{columns}" for n in range(start, start + count))
    return csv_of("user_id,name,mail,endpoints,contacts", *rows)
