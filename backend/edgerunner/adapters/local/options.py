"""Options of local execution, the object ``local`` among a connection's options, checked before anything is opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from edgerunner.domain.errors import FieldError, InvalidRequest
from edgerunner.domain.numbers import parse_plain
from edgerunner.matching.fees import FeeSchedule
from edgerunner.matching.working_order import TriggerSource

NAME: Final = "local"
"""Under which name the object stands among the connection's options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalOptions:
    """How the paper account is made and how its orders trade.

    Attributes:
        currency: The account's; only instruments that settle in it are traded.
        balance: What the account starts with.
        coins: Coins it holds at the start, by name: they can be sold on spot markets.
        fees: Fractions of notional.
        leverage: Notional of margined positions per unit of margin.
        maintenance_margin: Fraction of notional below which positions are liquidated.
        trigger_by: What triggers watch.
        slippage_ticks: Distance of the levels assumed behind the last shown one.
        slippage_levels: How many of them a market order may use.
    """

    currency: str
    balance: Decimal = Decimal(100_000)
    coins: Mapping[str, Decimal] = field(default_factory=dict)
    fees: FeeSchedule
    leverage: Decimal = Decimal(10)
    maintenance_margin: Decimal = Decimal("0.005")
    trigger_by: TriggerSource = "last"
    slippage_ticks: int = 1
    slippage_levels: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDefaults:
    """What a broker's paper accounts have unless the options say otherwise."""

    currency: str
    fees: FeeSchedule


_RANGES: Final[Mapping[str, tuple[Decimal, Decimal]]] = {
    "balance": (Decimal(0), Decimal(10) ** 15),
    "maker_fee": (Decimal("-0.01"), Decimal("0.1")),
    "taker_fee": (Decimal("-0.01"), Decimal("0.1")),
    "leverage": (Decimal(1), Decimal(1000)),
    "maintenance_margin": (Decimal(0), Decimal("0.5")),
}
_COUNTS: Final[Mapping[str, int]] = {"slippage_ticks": 10_000, "slippage_levels": 10_000}
_SOURCES: Final[Mapping[str, TriggerSource]] = {"last": "last", "mark": "mark", "quote": "quote"}


def split_options(options: Mapping[str, object]) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """Return the options of local execution and those of the market data; raises ``InvalidRequest``."""
    local = options.get(NAME, {})
    if not isinstance(local, Mapping):
        raise InvalidRequest.of(f"options.{NAME}", "invalid", "must be an object")
    return local, {name: value for name, value in options.items() if name != NAME}


def parse_local_options(given: Mapping[str, object], defaults: LocalDefaults) -> LocalOptions:
    """Return the options; raises ``InvalidRequest`` naming each wrong one."""
    reader = _Reader(given)
    options = LocalOptions(
        currency=reader.currency("currency", defaults.currency),
        balance=reader.number("balance", Decimal(100_000)),
        coins=reader.coins("coins"),
        fees=FeeSchedule(
            maker=reader.number("maker_fee", defaults.fees.maker), taker=reader.number("taker_fee", defaults.fees.taker)
        ),
        leverage=reader.number("leverage", Decimal(10)),
        maintenance_margin=reader.number("maintenance_margin", Decimal("0.005")),
        trigger_by=reader.source("trigger_by"),
        slippage_ticks=reader.count("slippage_ticks", 1, least=1),
        slippage_levels=reader.count("slippage_levels", 50, least=0),
    )
    reader.finish()
    return options


class _Reader:
    """Takes values out of the object one by one and collects what is wrong with them."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self._left = dict(given)
        self._errors: list[FieldError] = []

    def number(self, name: str, default: Decimal) -> Decimal:
        value = self._left.pop(name, None)
        if value is None:
            return default
        least, most = _RANGES[name]
        number = _decimal(value)
        if number is None or not least <= number <= most:
            self._wrong(name, f"must be a decimal in text, from {least} to {most}")
            return default
        return number

    def count(self, name: str, default: int, *, least: int) -> int:
        value = self._left.pop(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _COUNTS[name]:
            self._wrong(name, f"must be a whole number from {least} to {_COUNTS[name]}")
            return default
        return value

    def currency(self, name: str, default: str) -> str:
        value = self._left.pop(name, default)
        if not isinstance(value, str) or not _is_currency(value):
            self._wrong(name, "must be a currency such as USDT")
            return default
        return value

    def source(self, name: str) -> TriggerSource:
        value = self._left.pop(name, "last")
        if not isinstance(value, str) or value not in _SOURCES:
            self._wrong(name, "must be last, mark or quote")
            return "last"
        return _SOURCES[value]

    def coins(self, name: str) -> Mapping[str, Decimal]:
        value = self._left.pop(name, {})
        coins = value if isinstance(value, Mapping) else {"": None}
        numbers = {str(coin): _decimal(amount) for coin, amount in coins.items()}
        known = {coin: amount for coin, amount in numbers.items() if amount is not None and amount > 0}
        if len(known) != len(numbers) or not all(map(_is_currency, known)):
            self._wrong(name, 'must be an object of amounts in text, such as {"BTC": "1"}')
        return known

    def finish(self) -> None:
        """Raise ``InvalidRequest`` for everything that was wrong or is not known."""
        for name in self._left:
            self._wrong(name, "is not an option of local execution", code="unknown")
        if self._errors:
            raise InvalidRequest("; ".join(f"{error.field}: {error.message}" for error in self._errors), *self._errors)

    def _wrong(self, name: str, message: str, code: str = "invalid") -> None:
        self._errors.append(FieldError(field=f"options.{NAME}.{name}", code=code, message=message))


def _decimal(value: object) -> Decimal | None:
    try:
        return parse_plain(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except ValueError:
        return None


def _is_currency(text: str) -> bool:
    return 1 <= len(text) <= 20 and text.isascii() and text.isalnum() and text == text.upper()
