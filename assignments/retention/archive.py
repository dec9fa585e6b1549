"""Events written to files before they are removed: one JSON document a line, compressed, one file a batch.

A file appears under its name only when all of it is on the disk, so a crash leaves none that is torn; one between
writing and removing leaves events twice, with the same id, and never none.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from topology import reasons
from topology.models import Event
from topology.reasons import Refused


def write(folder: Path, events: Sequence[Event]) -> Path:
    """Store events, in the order of their ids, in a new file and wait for the disk. Raises Refused."""
    path = folder / f"events-{events[0].at:%Y-%m-%d}-{events[0].pk:012}-{events[-1].pk:012}.jsonl.gz"
    draft = path.with_suffix(".part")
    text = "".join(f"{json.dumps(as_dict(event), ensure_ascii=False, default=str)}\n" for event in events)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with draft.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)  # it names people
            file.write(gzip.compress(text.encode()))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync(folder)
    except OSError as error:
        raise Refused(reasons.ARCHIVE_NOT_WRITTEN, folder=folder, problem=error.strerror or error) from error
    return path


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def as_dict(event: Event) -> dict[str, Any]:
    """An event with everything that is known of it."""
    return {
        "id": event.pk,
        "at": event.at.isoformat(),
        "code": event.code,
        "sentence": event.sentence,
        "cluster": event.cluster_id,
        "subcluster": event.subcluster_id,
        "node": event.node_id,
        "operation": event.operation_id,
        "actor": event.actor_name,
        "facts": event.facts,
    }


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The events of one file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
