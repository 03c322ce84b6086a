"""Shapes of Bybit's answers and private messages, as far as this adapter reads them.

Every field is optional and as wide as a scalar can be: new fields, new words and other spellings of
"nothing" must never break a message. What is indispensable is checked where it is used.
"""

from typing import Final, TypeVar

import msgspec

from edgerunner.adapters.bybit.values import Malformed, Scalar

T = TypeVar("T")

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are no message: bad text and deep nesting have errors of their own."""


class Wire(msgspec.Struct, rename="camel"):
    """Base of all shapes: snake case here, camel case on the wire, unknown fields ignored."""


class Envelope(Wire):
    """What every REST answer is wrapped in."""

    ret_code: int
    ret_msg: str = ""
    result: msgspec.Raw = msgspec.Raw(b"{}")
    time: Scalar = None


class Page(Wire):
    """A list, perhaps one page of it; items stay raw so that their text can be kept."""

    rows: list[msgspec.Raw] = msgspec.field(default_factory=list, name="list")
    next_page_cursor: str | None = None
    category: Scalar = None


class Order(Wire):
    """An order: REST ``/v5/order/*`` and the ``order`` topic alike."""

    order_id: Scalar = None
    order_link_id: Scalar = None
    category: Scalar = None
    symbol: Scalar = None
    price: Scalar = None
    qty: Scalar = None
    side: Scalar = None
    order_status: Scalar = None
    cancel_type: Scalar = None
    reject_reason: Scalar = None
    avg_price: Scalar = None
    cum_exec_qty: Scalar = None
    cum_exec_value: Scalar = None
    time_in_force: Scalar = None
    order_type: Scalar = None
    stop_order_type: Scalar = None
    market_unit: Scalar = None
    trigger_price: Scalar = None
    trigger_direction: Scalar = None
    take_profit: Scalar = None
    stop_loss: Scalar = None
    sl_limit_price: Scalar = None
    last_price_on_created: Scalar = None
    base_price: Scalar = None
    reduce_only: Scalar = None
    position_idx: Scalar = None
    parent_order_link_id: Scalar = None
    created_time: Scalar = None
    updated_time: Scalar = None


class Execution(Wire):
    """An execution: REST ``/v5/execution/list`` and the ``execution`` topic alike."""

    category: Scalar = None
    symbol: Scalar = None
    order_id: Scalar = None
    order_link_id: Scalar = None
    side: Scalar = None
    exec_id: Scalar = None
    exec_type: Scalar = None
    exec_price: Scalar = None
    exec_qty: Scalar = None
    exec_fee: Scalar = None
    fee_currency: Scalar = None
    exec_time: Scalar = None
    closed_size: Scalar = None
    is_maker: Scalar = None
    seq: Scalar = None


class Position(Wire):
    """A position; REST says ``avgPrice`` where the ``position`` topic says ``entryPrice``."""

    category: Scalar = None
    symbol: Scalar = None
    side: Scalar = None
    size: Scalar = None
    position_idx: Scalar = None
    avg_price: Scalar = None
    entry_price: Scalar = None
    mark_price: Scalar = None
    unrealised_pnl: Scalar = None
    leverage: Scalar = None
    take_profit: Scalar = None
    stop_loss: Scalar = None
    trailing_stop: Scalar = None
    updated_time: Scalar = None


class Coin(Wire):
    """One coin of the wallet."""

    coin: Scalar = None
    equity: Scalar = None
    wallet_balance: Scalar = None
    locked: Scalar = None
    spot_borrow: Scalar = None
    usd_value: Scalar = None
    bonus: Scalar = None
    available_to_withdraw: Scalar = None
    total_order_im: Scalar = msgspec.field(default=None, name="totalOrderIM")
    total_position_im: Scalar = msgspec.field(default=None, name="totalPositionIM")


class Wallet(Wire):
    """Account totals in USD and the coins; totals are ``""`` in isolated margin mode."""

    total_equity: Scalar = None
    total_wallet_balance: Scalar = None
    total_available_balance: Scalar = None
    total_initial_margin: Scalar = None
    total_maintenance_margin: Scalar = None
    total_perp_upl: Scalar = msgspec.field(default=None, name="totalPerpUPL")
    coin: list[Coin] = []


class Wallets(Wire):
    """``/v5/account/wallet-balance``."""

    rows: list[Wallet] = msgspec.field(default_factory=list, name="list")


class CashRow(Wire):
    """A row of ``/v5/account/transaction-log``; change = cashFlow + funding - fee."""

    id: Scalar = None
    symbol: Scalar = None
    category: Scalar = None
    type: Scalar = None
    side: Scalar = None
    currency: Scalar = None
    change: Scalar = None
    funding: Scalar = None
    trade_id: Scalar = None
    order_id: Scalar = None
    transaction_time: Scalar = None


class KeyInfo(Wire):
    """``/v5/user/query-api``."""

    user_id: Scalar = msgspec.field(default=None, name="userID")
    read_only: Scalar = None
    permissions: dict[str, list[str] | None] = {}


class AccountInfo(Wire):
    """``/v5/account/info``."""

    margin_mode: Scalar = None


class ServerTime(Wire):
    """``/v5/market/time``: strings."""

    time_nano: Scalar = None
    time_second: Scalar = None


class OrderIds(Wire):
    """Answer to an order command."""

    order_id: Scalar = None
    order_link_id: Scalar = None


class Push(Wire):
    """A message of the private stream; the items stay raw."""

    topic: str = ""
    op: str = ""
    success: bool | None = None
    ret_code: int | None = None
    ret_msg: str = ""
    ret_text: str = msgspec.field(default="", name="ret_msg")
    req_id: Scalar = msgspec.field(default=None, name="req_id")
    creation_time: Scalar = None
    data: msgspec.Raw = msgspec.Raw(b"[]")

    @property
    def is_refusal(self) -> bool:
        """Whether the server says no, in either of its two dialects."""
        return self.success is False or bool(self.ret_code)

    @property
    def reason(self) -> str:
        """The server's words and code."""
        words = self.ret_text or self.ret_msg
        return f"{words} ({self.ret_code})" if self.ret_code else words


class TradeHeader(msgspec.Struct):
    """Rate limit figures of the trade socket."""

    limit: Scalar = msgspec.field(default=None, name="X-Bapi-Limit")
    reset: Scalar = msgspec.field(default=None, name="X-Bapi-Limit-Reset-Timestamp")


class TradeReply(Wire):
    """A message of the trade socket."""

    op: str = ""
    req_id: str = ""
    ret_code: int = 0
    ret_msg: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")
    header: TradeHeader | None = None


def decoded(raw: bytes | msgspec.Raw, into: type[T]) -> T:
    """Return the value of a JSON text; raises ``Malformed`` when it is none of that shape."""
    try:
        return msgspec.json.decode(raw, type=into)
    except UNREADABLE as error:
        raise Malformed(str(error)) from error


def raw_text(raw: msgspec.Raw) -> str:
    """Return the JSON text of an item."""
    return bytes(raw).decode(errors="replace")
