"""One log line per step of an order, when the journal has it: a search for its id tells its story.

The lines say what happened and under which ids; the journal has everything else. They are written by a thread of
their own, so that no order waits for a log: their place among other lines may be some milliseconds late.
"""

import logging
import queue
import threading
from collections.abc import Mapping
from typing import Final

import structlog

from edgerunner.domain.events import EVENT_TYPES, Event, EventBody, OrderFilled, OrderInitialized
from edgerunner.domain.numbers import to_plain
from edgerunner.storage.journal import Commit

_log = structlog.get_logger(__name__)

_WORDS: Final[Mapping[type[EventBody], str]] = {body: word for word, body in EVENT_TYPES.items()}


MOST_WAITING: Final = 10_000
"""Commits that wait to be written; more are left out and counted: the journal has them."""


class OrderLog:
    """A journal listener; ``start`` and ``stop`` bound its thread."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Commit | None] = queue.Queue(MOST_WAITING)
        self._left_out = 0
        self._thread = threading.Thread(target=self._run, name="order-log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end; blocks for as long as that takes."""
        self._waiting.put(None)
        self._thread.join()

    def on_commit(self, commit: Commit) -> None:
        """Take a commit in; never blocks."""
        if not commit.orders or not logging.getLogger(__name__).isEnabledFor(logging.INFO):
            return
        try:
            self._waiting.put_nowait(commit)
        except queue.Full:
            self._left_out += 1

    def _run(self) -> None:
        while (commit := self._waiting.get()) is not None:
            if self._left_out:
                left_out, self._left_out = self._left_out, 0
                _log.warning("order_lines_left_out", commits=left_out)
            try:
                _write(commit)
            except Exception:  # noqa: BLE001 - one line that cannot be written must not silence the rest
                _log.exception("order_line_failed")


def _write(commit: Commit) -> None:
    orders = {order.client_order_id: order for order in commit.orders}
    for recorded in commit.records:
        event = recorded.event
        if event.client_order_id not in orders or isinstance(event.body, OrderInitialized):
            continue  # that an order was taken in is logged with the request that wanted it
        _log.info(
            _WORDS[type(event.body)],
            client_order_id=event.client_order_id,
            connection_id=event.connection_id,
            venue_order_id=orders[event.client_order_id].venue_order_id,
            actor=event.actor,
            journal_seq=recorded.seq,
            **_details(event),
        )


def _details(event: Event) -> dict[str, object]:
    """Return the few figures of an event that a reader looks for first."""
    match event.body:
        case OrderFilled(quantity=quantity, price=price):
            return {"quantity": to_plain(quantity), "price": to_plain(price)}
        case body:
            told = {name: getattr(body, name, None) for name in ("code", "text", "reason")}
            words = getattr(body, "broker", None)
            if words is not None:
                told |= {"code": words.code, "text": words.text}
            return {name: value for name, value in told.items() if value is not None}
