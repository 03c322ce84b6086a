"""What a chart and a tester need of the simulated broker, asked through the simulated ``MetaTrader5`` module."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from edgerunner.simulators.mt5.settings import HEDGING_LOGIN, PASSWORD, SERVER_NAME

Fields = list[str]

_DAY_S: Final = 86_400
_REQUEST_NUMBERS: Final = (
    "action",
    "magic",
    "order",
    "symbol",
    "volume",
    "price",
    "stoplimit",
    "sl",
    "tp",
    "deviation",
)
_REQUEST_WORDS: Final = ("type", "type_filling", "type_time", "expiration", "comment", "position", "position_by")
_FLOATS: Final = frozenset({"volume", "price", "stoplimit", "sl", "tp"})
_TEXTS: Final = frozenset({"symbol", "comment"})


class SymbolTerms(NamedTuple):
    """What the tester must know of a symbol."""

    name: str
    digits: int
    point: Decimal
    currency: str


class RateBar(NamedTuple):
    """One bar of bid prices; ``time_s`` is server time, ``spread`` points."""

    time_s: int
    open: Decimal
    close: Decimal
    spread: int


class Desk:
    """The broker as one terminal sees it; ``mt5`` is the module, or anything with its functions."""

    def __init__(self, mt5: ModuleType | Any) -> None:
        self._mt5 = mt5

    def log_on(self, program: Path, login: int | None) -> bool:
        """Connect as the terminal of that file and log on; without a login as the hedging account."""
        return bool(
            self._mt5.initialize(
                str(program), login=login or HEDGING_LOGIN, password=PASSWORD, server=SERVER_NAME, timeout=30_000
            )
        )

    def log_off(self) -> None:
        """Leave the broker."""
        self._mt5.shutdown()

    def account(self) -> Any:
        """Return AccountInfo; raises ``ConnectionError`` when the broker is gone."""
        return self._require(self._mt5.account_info())

    def build(self) -> int:
        """Return the terminal's build number."""
        return int(self._require(self._mt5.version())[1])

    def select(self, symbol: str) -> bool:
        """Show a symbol in the Market Watch; False = there is none."""
        return bool(self._mt5.symbol_select(symbol, True))  # noqa: FBT003 - the package takes it by place alone

    def tick_fields(self, symbol: str) -> Fields | None:
        """Return the ``tick`` message of a symbol; None = no tick."""
        tick, known = self._mt5.symbol_info_tick(symbol), self._mt5.symbol_info(symbol)
        if tick is None or known is None:
            return None
        prices = [repr(tick.bid), repr(tick.ask), repr(tick.last), repr(tick.volume_real)]
        return [
            "tick",
            symbol,
            str(tick.time_msc),
            *prices,
            str(tick.flags),
            str(known.digits),
            str(known.filling_mode),
        ]

    def account_fields(self) -> Fields:
        """Return the ``account`` message."""
        known = self.account()
        money = [repr(value) for value in (known.balance, known.equity, known.margin, known.margin_free)]
        return ["account", *money, known.currency, str(known.currency_digits)]

    def positions(self) -> dict[int, Any]:
        """Return the open positions by ticket."""
        return {row.ticket: row for row in self._require(self._mt5.positions_get())}

    def orders(self) -> dict[int, Any]:
        """Return the working orders by ticket."""
        return {row.ticket: row for row in self._require(self._mt5.orders_get())}

    def deals_since(self, server_s: int) -> Sequence[Any]:
        """Return deals from an hour before a server time on."""
        found = self._mt5.history_deals_get(max(0, server_s - 3600), server_s + 2 * _DAY_S)
        return tuple(self._require(found))

    def send(self, fields: Sequence[str]) -> Fields:
        """Carry out a ``send`` message; returns the ``result`` message."""
        request: dict[str, int | float | str] = {}
        for name, text in zip((*_REQUEST_NUMBERS, *_REQUEST_WORDS), fields, strict=False):
            request[name] = text if name in _TEXTS else float(text) if name in _FLOATS else int(text)
        result = self._mt5.order_send({name: value for name, value in request.items() if value or name == "type"})
        if result is None:
            return ["result", "0", "10013", "0", "0", "0", "0", "0", "0", str(self._mt5.last_error()[1]), "0"]
        prices = [repr(value) for value in (result.volume, result.price, result.bid, result.ask)]
        ok = "1" if result.retcode in {10008, 10009, 10010} else "0"
        tickets = [str(result.retcode), str(result.deal), str(result.order)]
        return ["result", ok, *tickets, *prices, result.comment, str(result.request_id)]

    def terms(self, symbol: str) -> SymbolTerms | None:
        """Return a symbol's terms; None = there is none."""
        if not self.select(symbol) or (known := self._mt5.symbol_info(symbol)) is None:
            return None
        return SymbolTerms(symbol, known.digits, Decimal(repr(known.point)), known.currency_profit)

    def bars(self, terms: SymbolTerms, timeframe: int, from_s: int, to_s: int) -> list[RateBar]:
        """Return the bars that open between two server times, oldest first."""
        rates = self._mt5.copy_rates_range(terms.name, timeframe, from_s, to_s)
        if rates is None:
            return []
        step = Decimal(1).scaleb(-terms.digits)
        return [
            RateBar(
                int(row["time"]),
                Decimal(repr(float(row["open"]))).quantize(step),
                Decimal(repr(float(row["close"]))).quantize(step),
                int(row["spread"]),
            )
            for row in rates
        ]

    def profit(self, *, is_buy: bool, symbol: str, volume: Decimal, opened: Decimal, closed: Decimal) -> Decimal:
        """Return the profit in the account's currency, rounded to cents; raises ``ConnectionError``."""
        action = 0 if is_buy else 1
        found = self._mt5.order_calc_profit(action, symbol, float(volume), float(opened), float(closed))
        return Decimal(repr(float(self._require(found)))).quantize(Decimal("0.01"))

    def _require(self, answer: Any) -> Any:
        if answer is None:
            raise ConnectionError(f"the simulated broker does not answer: {self._mt5.last_error()}")
        return answer
