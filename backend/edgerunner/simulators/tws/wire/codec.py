"""Messages of the protocol to payloads and back, by server version.

Requests go from the client to the server, messages back; ids of the two directions are different number lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from edgerunner.simulators.tws.wire import (
    account,
    contracts,
    executions,
    history_messages,
    market_messages,
    market_requests,
    orders,
    session,
)
from edgerunner.simulators.tws.wire.errors import MessageError, UnknownMessage, WireError
from edgerunner.simulators.tws.wire.frames import join_fields, split_fields
from edgerunner.simulators.tws.wire.layout import Layout, layout_of

LOWEST_VERSION: Final = 157
HIGHEST_VERSION: Final = 178
_MOST_DIGITS: Final = 10


class Codec:
    """Encodes and decodes one direction of the protocol."""

    def __init__(self, messages: Iterable[type[Any]]) -> None:
        layouts = [layout_of(message) for message in messages]
        self._by_id: Mapping[int, Layout] = {layout.message_id: layout for layout in layouts}
        self._by_type: Mapping[type[Any], Layout] = {layout.message: layout for layout in layouts}
        if not len(layouts) == len(self._by_id) == len(self._by_type):
            raise ValueError("two messages share an id")

    @property
    def types(self) -> list[type[Any]]:
        """Return every message class of this direction."""
        return list(self._by_type)

    def decode(self, payload: bytes, version: int) -> Any:
        """Return the message of a payload; raises ``MessageError`` with what can be known of the request id."""
        _check(version)
        message_id, *texts = split_fields(payload)
        layout = self._by_id.get(_message_id(message_id))
        if layout is None:
            raise UnknownMessage(int(message_id), request_id=_second_number(texts))
        try:
            return layout.read(texts, version)
        except MessageError as error:
            raise MessageError(str(error), request_id=_request_id(layout, texts, version)) from None

    def encode(self, message: object, version: int) -> bytes:
        """Return the payload of a message; raises ``WireError`` when it cannot be written."""
        _check(version)
        layout = self._by_type.get(type(message))
        if layout is None:
            raise WireError(f"{type(message).__name__} does not travel in this direction")
        return join_fields(layout.write(message, version))


def _check(version: int) -> None:
    if not LOWEST_VERSION <= version <= HIGHEST_VERSION:
        raise WireError(f"server version {version} is outside of {LOWEST_VERSION} to {HIGHEST_VERSION}")


def _message_id(text: str) -> int:
    if not _is_number(text):
        raise MessageError(f"{text[:40]!r} is no message id")
    return int(text)


def _request_id(layout: Layout, texts: Sequence[str], version: int) -> int:
    """Return the id at its place in a message that cannot be read, or -1."""
    present = [item for item in layout.items if item.since <= version < item.until]
    for text, item in zip(texts, present, strict=False):
        if item.path in {"request_id", "order_id"}:
            return int(text) if _is_number(text) else session.NO_REQUEST
        if item.path is not None:
            break
    return session.NO_REQUEST


def _second_number(texts: Sequence[str]) -> int:
    """Guess the id of an unknown message: most carry a version and then the id."""
    return int(texts[1]) if len(texts) > 1 and _is_number(texts[1]) else session.NO_REQUEST


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


REQUESTS: Final = Codec(
    (
        *session.REQUESTS,
        *contracts.REQUESTS,
        *market_requests.REQUESTS,
        *account.REQUESTS,
        *orders.REQUESTS,
        *executions.REQUESTS,
    )
)
MESSAGES: Final = Codec(
    (
        *session.MESSAGES,
        *contracts.MESSAGES,
        *market_messages.MESSAGES,
        *history_messages.MESSAGES,
        *account.MESSAGES,
        *orders.MESSAGES,
        *executions.MESSAGES,
    )
)
