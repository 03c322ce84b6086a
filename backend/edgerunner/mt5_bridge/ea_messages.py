"""The EA link's lines: JSON objects, one per line, told apart by ``type``. Prices stay exact (``Decimal``)."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

PROTOCOL: Final = 1
MAXIMUM_LINE: Final = 65_536
"""Bytes of a line with its end; a longer one ends the session."""

_MOST_DIGITS: Final = 40
_LARGEST: Final = 2**64 - 1

TRADE_COMMANDS: Final = frozenset({"order_send", "close"})
"""Commands that change something at the broker."""


Word = Annotated[str, msgspec.Meta(max_length=256)]

TransactionKind = Literal[
    "TRADE_TRANSACTION_ORDER_ADD",
    "TRADE_TRANSACTION_ORDER_UPDATE",
    "TRADE_TRANSACTION_ORDER_DELETE",
    "TRADE_TRANSACTION_HISTORY_ADD",
    "TRADE_TRANSACTION_HISTORY_UPDATE",
    "TRADE_TRANSACTION_HISTORY_DELETE",
    "TRADE_TRANSACTION_DEAL_ADD",
    "TRADE_TRANSACTION_DEAL_UPDATE",
    "TRADE_TRANSACTION_DEAL_DELETE",
    "TRADE_TRANSACTION_POSITION",
    "TRADE_TRANSACTION_REQUEST",
]


class EaHello(msgspec.Struct, tag_field="type", tag="hello", frozen=True, forbid_unknown_fields=True):
    """An EA's first line. ``session`` names the launch it belongs to, empty = attached by hand."""

    seq: int
    protocol: int
    token: Word
    session: Word
    expert: Word
    version: Word
    build: int
    login: int
    server: Word
    demo: bool
    trade: bool
    symbol: Word
    period: Word


class EaTick(msgspec.Struct, tag_field="type", tag="tick", frozen=True, forbid_unknown_fields=True):
    """A tick of the chart's symbol or of one asked for; ``time_msc`` is the broker's server time."""

    seq: int
    symbol: str
    time_msc: int
    bid: Decimal
    ask: Decimal
    last: Decimal
    volume: Decimal
    flags: int


class EaTransaction(msgspec.Struct, tag_field="type", tag="transaction", frozen=True, forbid_unknown_fields=True):
    """What ``OnTradeTransaction`` got; ``order_type order_state deal_type`` are the package's enumerations.

    ``retcode`` and ``request_id`` are of the request, for kind TRADE_TRANSACTION_REQUEST, else 0.
    """

    seq: int
    kind: TransactionKind
    deal: int
    order: int
    symbol: str
    order_type: int
    order_state: int
    deal_type: int
    price: Decimal
    price_trigger: Decimal
    sl: Decimal
    tp: Decimal
    volume: Decimal
    position: int
    position_by: int
    retcode: int
    request_id: int


class EaHeartbeat(msgspec.Struct, tag_field="type", tag="heartbeat", frozen=True, forbid_unknown_fields=True):
    """The EA lives; ``time_msc`` is the newest server time it knows."""

    seq: int
    time_msc: int


class EaReply(msgspec.Struct, tag_field="type", tag="reply", frozen=True, forbid_unknown_fields=True):
    """The answer to a command; ``error`` says why it was not done, empty when it was."""

    seq: int
    id: int
    ok: bool
    result: dict[str, object]
    error: str


class EaGoodbye(msgspec.Struct, tag_field="type", tag="goodbye", frozen=True, forbid_unknown_fields=True):
    """The EA ends; ``reason`` is MQL5's REASON_* of ``OnDeinit``."""

    seq: int
    reason: int


EaMessage = EaHello | EaTick | EaTransaction | EaHeartbeat | EaReply | EaGoodbye

_decoder = msgspec.json.Decoder(EaMessage)


class BadLine(ValueError):
    """A line that is no message of this protocol; says what is wrong, never what it held."""


def parse_message(line: bytes) -> EaMessage:
    """Return the message of a line. Raises ``BadLine``."""
    try:
        message: EaMessage = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadLine(str(error)) from None
    if not all(_can_be_written(getattr(message, name)) for name in message.__struct_fields__):
        raise BadLine("a number that no market has")
    return message


def _can_be_written(value: object) -> bool:
    """Whether a number is finite and not "1e999999999", which fills the memory of whoever writes it out."""
    match value:
        case Decimal():
            return value.is_finite() and -_MOST_DIGITS < value.adjusted() < _MOST_DIGITS
        case int():
            return -_LARGEST <= value <= _LARGEST
        case _:
            return True


def encode_line(message: Mapping[str, object]) -> bytes:
    """Return a line for the EA: ASCII alone, so that it may read it in pieces. A ``Decimal`` becomes a JSON string.

    Raises ``ValueError`` when it is longer than ``MAXIMUM_LINE``, ``TypeError`` for what JSON cannot say.
    """
    line = json.dumps(message, default=_plain, allow_nan=False).encode("ascii") + b"\n"
    if len(line) > MAXIMUM_LINE:
        raise ValueError(f"a line of {len(line)} bytes is longer than {MAXIMUM_LINE}")
    return line


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no form in JSON")
