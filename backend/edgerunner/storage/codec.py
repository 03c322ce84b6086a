"""Domain values as JSON text: exact, readable without us, and readable after the shapes change.

Decimals are strings in plain notation. An event's payload carries its type and version beside
it; upcasters lift an old payload one version at a time before it is decoded. The projection
tables hold whole values by the same rules, without a version: they can be replayed.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.events import EVENT_TYPES, Event, EventBody, RecordedEvent
from edgerunner.domain.numbers import can_be_written, to_plain
from edgerunner.domain.orders import Source

Value = TypeVar("Value")
Payload = dict[str, Any]  # a decoded JSON object of an old version
Upcaster = Callable[[Payload], Payload]
EventRow = tuple[
    str, str, int, str, str, str | None, str | None, str, str, int | None, int | None, int, str, str | None
]

EVENT_COLUMNS = (
    "event_id, type, version, connection_id, account_id, client_order_id, strategy_id, actor, source, "
    "ts_event_ns, ts_arrival_ns, ts_init_ns, payload, raw"
)

VERSIONS: Mapping[str, int] = {}  # types that are not at version 1 any more
UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}  # (type, version) -> payload of version + 1

_TYPE_NAMES: dict[type, str] = {body_type: name for name, body_type in EVENT_TYPES.items()}
_TEXT_OR_NULL, _NUMBER_OR_NULL = (str, type(None)), (int, type(None))
_COLUMN_NAMES = EVENT_COLUMNS.split(", ")
_COLUMN_KINDS: tuple[type | tuple[type, ...], ...] = (
    *(str, str, int, str, str, _TEXT_OR_NULL, _TEXT_OR_NULL, str, str),
    *(_NUMBER_OR_NULL, _NUMBER_OR_NULL, int, str, _TEXT_OR_NULL),
)
_STRANGE_NUMBER = re.compile(r'[0-9]e[+-]?[0-9]{2}|"[+-]?s?(?:nan|inf)|[0-9]{40}', re.IGNORECASE)
"""What a text must hold to hold such a number: all others are not looked at twice."""

_SOURCES = frozenset(Source)
_ENCODER = msgspec.json.Encoder(order="deterministic")


class UnreadableEvent(EdgerunnerError):
    """A journal row that this version cannot read; ``detail`` says which and why."""

    code = "journal_unreadable"


def encode(value: object) -> str:
    """Return ``value`` (a dataclass of the domain) as JSON text."""
    text = _ENCODER.encode(value)
    if b"E+" in text or b"E-" in text:  # perhaps a Decimal that str() writes with an exponent
        text = _ENCODER.encode(_plain(msgspec.to_builtins(value, builtin_types=(Decimal,), order="deterministic")))
    return text.decode()


def canonical(value: object) -> str:
    """Return JSON text in which equal values are equal texts (1.50 and 1.5 are the same)."""
    builtins = msgspec.to_builtins(value, builtin_types=(Decimal,), order="deterministic")
    return _ENCODER.encode(_plain(builtins)).decode()


def digest(texts: list[str]) -> str:
    """Return the SHA-256 of canonical texts, in the order given."""
    hashed = hashlib.sha256()
    for text in texts:
        hashed.update(text.encode())
        hashed.update(b"\n")
    return hashed.hexdigest()


def decoder_of(value_type: type[Value]) -> Callable[[str], Value]:
    """Return the function that reads what ``encode`` wrote for ``value_type``."""
    return msgspec.json.Decoder(value_type).decode


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return to_plain(value)
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return value


def _require_kinds(seq: int, row: EventRow) -> None:
    """Raise ``UnreadableEvent`` unless every column holds what it is for: a damaged file may hold anything."""
    for name, value, kinds in zip(_COLUMN_NAMES, row, _COLUMN_KINDS, strict=True):
        if not isinstance(value, kinds):
            raise UnreadableEvent(f"event {seq}: {name} holds {type(value).__name__}")
    if row[8] not in _SOURCES:
        raise UnreadableEvent(f"event {seq}: {row[8]!r} is no source")


def _require_numbers(seq: int, body: EventBody, payload: str) -> None:
    """Raise ``UnreadableEvent`` for NaN, infinities and "1e999999999", which this program never writes."""
    if _STRANGE_NUMBER.search(payload) is None:
        return
    values = [msgspec.to_builtins(body, builtin_types=(Decimal,))]
    while values:
        match values.pop():
            case Decimal() as number if not can_be_written(number):
                raise UnreadableEvent(f"event {seq} holds {number!r}, which is no number of a market")
            case dict() as inner:
                values += inner.values()
            case list() as inner:
                values += inner


class EventCodec:
    """Events to journal rows and back, old versions included.

    Args:
        versions: The version that is written now, by type; types not named are at 1.
        upcasters: For every older version of a type, the function to the next one.
    """

    def __init__(
        self,
        versions: Mapping[str, int] = VERSIONS,
        upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
    ) -> None:
        self._versions = versions
        self._upcasters = upcasters
        self._decoders: dict[str, Callable[[str], EventBody]] = {
            name: decoder_of(body_type) for name, body_type in EVENT_TYPES.items()
        }

    def to_row(self, event: Event) -> EventRow:
        """Return the columns of ``EVENT_COLUMNS`` for an event."""
        type_name = _TYPE_NAMES[type(event.body)]
        return (
            event.event_id,
            type_name,
            self._versions.get(type_name, 1),
            event.connection_id,
            event.account_id,
            event.client_order_id,
            event.strategy_id,
            event.actor,
            event.source.value,
            event.ts_event_ns,
            event.ts_arrival_ns,
            event.ts_init_ns,
            encode(event.body),
            event.raw,
        )

    def from_row(self, seq: int, owner_epoch: int, row: EventRow) -> RecordedEvent:
        """Return the event of a journal row.

        Raises ``UnreadableEvent`` for an unknown type, a version newer than this program's, a
        missing upcaster, a payload that does not fit, or a column that holds something else.
        """
        _require_kinds(seq, row)
        event = Event(
            event_id=row[0],
            body=self._body(seq, row[1], row[2], row[12]),
            connection_id=row[3],
            account_id=row[4],
            client_order_id=row[5],
            strategy_id=row[6],
            actor=row[7],
            source=Source(row[8]),
            ts_event_ns=row[9],
            ts_arrival_ns=row[10],
            ts_init_ns=row[11],
            raw=row[13],
        )
        return RecordedEvent(seq=seq, owner_epoch=owner_epoch, event=event)

    def _body(self, seq: int, type_name: str, version: int, payload: str) -> EventBody:
        decode = self._decoders.get(type_name)
        current = self._versions.get(type_name, 1)
        if decode is None or version > current:
            raise UnreadableEvent(
                f"event {seq} is {type_name} version {version}, which a newer Edgerunner wrote: run that version"
            )
        try:
            body = decode(payload if version == current else self._upcast(type_name, version, payload))
            _require_numbers(seq, body, payload)
            return body
        except (msgspec.MsgspecError, UnicodeError, RecursionError, KeyError) as error:
            raise UnreadableEvent(f"event {seq} ({type_name} version {version}) cannot be read: {error}") from error

    def _upcast(self, type_name: str, version: int, payload: str) -> str:
        lifted: Payload = msgspec.json.decode(payload, type=Payload)
        for step in range(version, self._versions.get(type_name, 1)):
            lifted = self._upcasters[type_name, step](lifted)
        return _ENCODER.encode(lifted).decode()
