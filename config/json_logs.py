"""Logs as JSON, one object a line, for machines that collect them: LOG_FORMAT=json.

a record of any library -> secrets out -> what the request or task is known by -> one line
"""

from __future__ import annotations

from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from config.log_filter import without_secrets


def _clean(logger: Any, method: str, event: EventDict) -> EventDict:
    """Take secrets out of every text, of tracebacks too."""
    return {name: without_secrets(value) if isinstance(value, str) else value for name, value in event.items()}


def formatter() -> structlog.stdlib.ProcessorFormatter:
    """What writes a record of the standard library as a line of JSON."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow=("method", "route", "status", "milliseconds", "queries")),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
    ]
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _clean,
        structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
    ]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)
