"""What the API process and a strategy's process say to each other: MessagePack of typed values.

The API leads. It sends one *turn* at a time (a bar, a fill, the stop...) and waits for its ``Done``;
what the strategy wants during the turn (orders, log lines, subscriptions) comes before that ``Done``.
Numbers that reach a broker travel as decimals, market data as floats.

Both ends are started from the same installation; ``Hello`` proves it by ``VERSION``.
"""

from decimal import Decimal

from msgspec import Struct

from edgerunner.domain.instruments import Instrument
from edgerunner.strategies.market_data import Bar, Book, Fill, Tick

VERSION = 1

State = dict[str, object]
"""What a strategy keeps over restarts: JSON values."""


class ClassSource(Struct, frozen=True):
    """Where a class comes from: ``path`` is a user's file, None = shipped with this program."""

    name: str
    path: str | None = None


class Describe(Struct, frozen=True, tag=True):
    """Load a user's file and say which strategy classes it defines; answered by ``Described``."""

    path: str
    memory_bytes: int


class Check(Struct, frozen=True, tag=True):
    """Check parameters against a class; answered by ``Checked``."""

    source: ClassSource
    parameters: dict[str, object]
    memory_bytes: int


class Market(Struct, frozen=True):
    """One instrument of one connection; ``key`` is what the strategy calls it."""

    key: str
    connection_id: str
    instrument: Instrument


class PositionState(Struct, frozen=True):
    """What the strategy's own fills add up to; ``quantity`` is signed.

    ``average_price`` is None for a flat position, or one of unknown cost.
    """

    key: str
    quantity: Decimal
    average_price: Decimal | None


class OrderState(Struct, frozen=True):
    """One order of the strategy as it stands, in the words of the API."""

    order_id: str
    key: str
    side: str
    order_type: str
    quantity: Decimal
    status: str
    filled_quantity: Decimal
    average_price: Decimal | None
    reason: str
    time_ns: int


class Money(Struct, frozen=True, tag=True):
    """The account's money as the broker last said it; no turn, never answered."""

    cash: Decimal
    equity: Decimal


class Start(Struct, frozen=True, tag=True):
    """Load the class, make the strategy and call ``on_start``; the first turn of a running strategy.

    Attributes:
        order_salt: Makes the ids of orders: the same event of the same run gives the same ids.
        memory_bytes: How much the process may grow beyond what it has before the class is loaded.
    """

    turn: int
    strategy_id: str
    source: ClassSource
    parameters: dict[str, object]
    markets: list[Market]
    timeframe: str
    state: State
    positions: list[PositionState]
    orders: list[OrderState]
    money: Money | None
    order_salt: str
    memory_bytes: int
    now_ns: int


class History(Struct, frozen=True, tag=True):
    """Closed bars of the past, oldest first: callbacks run, orders are dropped."""

    turn: int
    bars: list[Bar]


class GoLive(Struct, frozen=True, tag=True):
    """The warm-up is over: orders count from now on."""

    turn: int
    now_ns: int


class BarNews(Struct, frozen=True, tag=True):
    """A bar closed."""

    turn: int
    bar: Bar
    now_ns: int


class TickNews(Struct, frozen=True, tag=True):
    """The newest quote."""

    turn: int
    tick: Tick
    now_ns: int


class BookNews(Struct, frozen=True, tag=True):
    """The newest book."""

    turn: int
    book: Book
    now_ns: int


class OrderNews(Struct, frozen=True, tag=True):
    """An order of the strategy changed; with the fill that did it and the position after it."""

    turn: int
    order: OrderState
    fill: Fill | None
    position: PositionState | None
    now_ns: int


class Ping(Struct, frozen=True, tag=True):
    """Is anybody there? Keeps silence from being mistaken for peace."""

    turn: int
    now_ns: int


class Stop(Struct, frozen=True, tag=True):
    """Call ``on_stop`` and end after ``Done``."""

    turn: int
    now_ns: int


Turn = Start | History | GoLive | BarNews | TickNews | BookNews | OrderNews | Ping | Stop
ToWorker = Describe | Check | Money | Turn


class Hello(Struct, frozen=True, tag=True):
    """The worker's first message."""

    version: int
    pid: int


class ClassDescription(Struct, frozen=True):
    """A strategy class: its name, the first line of its docstring and its parameters' JSON schema."""

    name: str
    summary: str
    parameters: dict[str, object]


class Described(Struct, frozen=True, tag=True):
    """The classes of a file, or the error that it raised."""

    classes: list[ClassDescription]
    error: str | None


class WrongParameter(Struct, frozen=True):
    """One wrong parameter, named ``parameters.<name>``."""

    field: str
    code: str
    message: str


class Checked(Struct, frozen=True, tag=True):
    """The parameters with defaults filled in, or what is wrong with them."""

    values: dict[str, object]
    errors: list[WrongParameter]


class Submit(Struct, frozen=True, tag=True):
    """An order that the strategy wants, in exact numbers."""

    order_id: str
    key: str
    side: str
    order_type: str
    quantity: Decimal
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    time_in_force: str | None = None
    expires_at_ns: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None


class Cancel(Struct, frozen=True, tag=True):
    """An order that the strategy wants gone."""

    order_id: str


class Modify(Struct, frozen=True, tag=True):
    """New terms that the strategy wants; None = leave."""

    order_id: str
    quantity: Decimal | None
    price: Decimal | None
    trigger_price: Decimal | None


class Subscribe(Struct, frozen=True, tag=True):
    """Further market data that the strategy wants: ``bars``, ``ticks`` or ``book``."""

    feed: str
    key: str
    timeframe: str | None


class LogLine(Struct, frozen=True, tag=True):
    """A line for the strategy's log."""

    text: str


class Done(Struct, frozen=True, tag=True):
    """The turn is over; ``state`` is the strategy's when the turn changed it."""

    turn: int
    state: State | None


class Faulted(Struct, frozen=True, tag=True):
    """The strategy raised: nothing more will come."""

    reason: str
    traceback: str


Wish = Submit | Cancel | Modify
FromWorker = Hello | Described | Checked | Wish | Subscribe | LogLine | Done | Faulted
