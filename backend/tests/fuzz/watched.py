"""A worker's own guards: a bound on its memory, and an end for an input that never returns."""

import faulthandler
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog

try:
    import resource
except ImportError:  # Windows: the parent's time-out is the guard
    resource = None  # type: ignore[assignment]

_MORE_BYTES = 4 * 1024**3
_SILENT_S = 3_600.0


@contextmanager
def watched() -> Iterator[None]:
    """Bound the address space, and keep logs out of the report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    if resource is not None:
        with suppress(ValueError, OSError):
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (_MORE_BYTES, hard))
    faulthandler.enable()
    faulthandler.dump_traceback_later(_SILENT_S, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
