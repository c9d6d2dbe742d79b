"""What the program says of itself on stderr: warnings and worse as plain lines; more when asked; JSON for who collects logs."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

import structlog

from trueup.base.errors import ConfigurationError

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("plain", "json")
_NOT_SHOWN = ("timestamp", "level", "event", "exception", "logger")


class Stderr(logging.Handler):
    """Writes to whatever stderr is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)


def configure_logs(environ: Mapping[str, str], *, verbose: bool = False, as_json: bool = False) -> None:
    """TRUEUP_LOG names the level, TRUEUP_LOG_FORMAT the form. Raises ConfigurationError for a word it does not know.

    Other people's packages are heard from `warning` on, whatever is asked: what they say at length is not ours to vouch for.
    """
    level = "info" if verbose else _word(environ, "TRUEUP_LOG", LEVELS, "warning")
    form = "json" if as_json else _word(environ, "TRUEUP_LOG_FORMAT", FORMATS, "plain")
    # No rich tracebacks: they show what variables hold.
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = Stderr()
    render = _as_json if form == "json" else _as_line
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[remove, render], keep_exc_info=False, keep_stack_info=False
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, Stderr)]:
        root.removeHandler(old)
    handler.addFilter(_is_ours_or_grave)
    root.addHandler(handler)
    logging.getLogger("trueup").setLevel(level.upper())
    # Each attempt that is tried again is told here too; what becomes of them all is told by the result.
    logging.getLogger("stamina").setLevel("INFO" if level in ("debug", "info") else "ERROR")


def _is_ours_or_grave(record: logging.LogRecord) -> bool:
    """Whoever set the root's level (a library may have): what is not ours is shown from `warning` on."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in ("trueup", "stamina")


def _word(environ: Mapping[str, str], name: str, known: tuple[str, ...], default: str) -> str:
    found = environ.get(name, "").strip().lower() or default
    if found not in known:
        raise ConfigurationError(f"{name}={found!r}: expected one of {', '.join(known)}.")
    return found


def _as_line(_logger: Any, _name: str, event: Mapping[str, Any]) -> str:
    more = " ".join(f"{key}={value}" for key, value in event.items() if key not in _NOT_SHOWN)
    line = f"{event['timestamp'][:19]}Z {event['level']:<7} {event['event']}" + (f" ({more})" if more else "")
    return f"{line}\n{event['exception']}" if event.get("exception") else line


def _as_json(_logger: Any, _name: str, event: Mapping[str, Any]) -> str:
    return json.dumps(dict(event), ensure_ascii=False, default=str)
