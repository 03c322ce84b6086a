"""The request that is being served, as far as logs and measurements need it: bound once, seen wherever its task goes.

Tasks that a request starts inherit it and may outlive it (a strategy, a connection): ``is_over`` tells them apart.
"""

import re
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter_ns

REQUEST_ID_HEADER = "X-Request-Id"
_VALID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)


@dataclass(slots=True, kw_only=True)
class RequestContext:
    """One HTTP request; ``received_ns`` by the monotonic clock."""

    request_id: str
    received_ns: int = field(default_factory=perf_counter_ns)
    is_over: bool = False


current: ContextVar[RequestContext | None] = ContextVar("edgerunner_request", default=None)


def request_id_of(given: str | None) -> str:
    """Return the caller's own id when it is harmless in a log and a header, else a new one."""
    return given if given is not None and _VALID.fullmatch(given) else uuid.uuid4().hex


def received_ns() -> int:
    """Return when the request under way arrived; now, outside of one."""
    request = current.get()
    return perf_counter_ns() if request is None or request.is_over else request.received_ns
