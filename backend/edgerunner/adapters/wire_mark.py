"""Tells whoever wants to know that a command is being handed to the socket.

An adapter calls ``handed_over`` where the bytes of an order leave its own hands: what it waited for before (its turn
under a rate limit, a lease) is then apart from what the broker needs for its answer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[], None] | None] = ContextVar("handed_over", default=None)


def handed_over() -> None:
    """Note that the command of this task is on its way."""
    listener = _listener.get()
    if listener is not None:
        listener()


@contextmanager
def telling(listener: Callable[[], None]) -> Iterator[None]:
    """Call ``listener`` for commands that this task hands over within the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
