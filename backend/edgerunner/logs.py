"""Logs: structlog events and the standard library's records, redacted, to stderr."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from edgerunner.log_repeats import Repeats
from edgerunner.request_context import current

REDACTED: Final = "[redacted]"
_SECRET_KEY: Final = re.compile(
    r"(?i)(api[_-]?key|secret|token|passw(or)?d|passphrase|authorization|credential|signature|private[_-]?key|master[_-]?key|cookie|x-bapi-sign)"
)
_PUBLIC_KEYS: Final = frozenset({"api_key_file", "master_key_file", "idempotency_key"})
_SHORTEST_SECRET: Final = 8
_SECRET_SHAPE: Final = re.compile(
    r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}|(?i:(?<=x-bapi-sign)['\"]?\s*[:=]\s*b?['\"]?[0-9a-f]{64})"
)
"""Signed tokens and Bybit's signatures: known by their shape, since each is new."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_MANY_LINES: Final = frozenset({"exception", "stack"})

_known_secrets: set[str] = set()


def remember_secret(value: str) -> None:
    """Never log ``value`` from now on, in whatever text it stands; shorter than 8 characters = ignored."""
    if len(value) >= _SHORTEST_SECRET:
        _known_secrets.add(value)


def redact(_logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
    """Replace what a key name marks as secret, and known secrets inside any text (a structlog processor)."""
    return {key: _on_one_line(key, _clean(key, value)) for key, value in event.items()}


def _on_one_line(key: str, value: object) -> object:
    """Keep what callers send from beginning a line of its own; a traceback has many."""
    if not isinstance(value, str) or key in _MANY_LINES:
        return value
    return _CONTROL.sub(lambda found: ascii(found.group())[1:-1], value)


def _clean(key: str, value: object) -> object:
    if value is not None and _SECRET_KEY.search(key) and key not in _PUBLIC_KEYS and not isinstance(value, bool):
        return REDACTED
    match value:
        case str():
            return _without_known_secrets(value)
        case Mapping():
            return {inner: _clean(str(inner), item) for inner, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean("", item) for item in value]
        case None | bool() | int() | float():
            return value
        case _:
            return _without_known_secrets(repr(value) if isinstance(value, Exception) else str(value))


def _without_known_secrets(text: str) -> str:
    for secret in _known_secrets:
        text = text.replace(secret, REDACTED)
    return _SECRET_SHAPE.sub(REDACTED, text)


def name_request(_logger: WrappedLogger | None, _method: str, event: EventDict) -> EventDict:
    """Add the id of the request under way (a structlog processor); what outlives its request is not named so."""
    request = current.get()
    if request is not None and not request.is_over:
        event.setdefault("request_id", request.request_id)
    return event


def configure_logs(level: str, *, as_json: bool = False) -> None:
    """Send every log line to stderr, from ``level`` (``debug info warning error``) on.

    ``as_json``: one JSON object per line instead of text. May be called again; the last call counts.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        name_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            Repeats(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                _renderer(as_json=as_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in ("uvicorn", "picows", "httpx", "httpcore", "websockets", "aiohttp.access", "alembic", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _renderer(*, as_json: bool) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )
