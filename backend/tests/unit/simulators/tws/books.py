"""Independent bookkeeping of an account at Interactive Brokers, in plain decimals, without code of the product."""

from dataclasses import dataclass, field
from decimal import Decimal, localcontext

ZERO = Decimal(0)


@dataclass
class Terms:
    """What a contract is: how its trades are paid and what they cost."""

    kind: str
    currency: str
    base: str = ""
    multiplier: Decimal = Decimal(1)
    per_unit: Decimal = ZERO


STOCKS = {name: Terms("stock", "USD") for name in ("AAPL", "MSFT", "SPY")}
TERMS = {
    **STOCKS,
    "VOD@LSE-GBP": Terms("london", "GBP", multiplier=Decimal("0.01")),
    "EUR/USD": Terms("currency", "USD", base="EUR"),
    "GBP/USD": Terms("currency", "USD", base="GBP"),
    "USD/JPY": Terms("currency", "JPY", base="USD"),
    "ES-202612": Terms("future", "USD", multiplier=Decimal(50), per_unit=Decimal("2.25")),
    "MES-202703": Terms("future", "USD", multiplier=Decimal(5), per_unit=Decimal("0.62")),
    "SPY-20261218-C-620": Terms("option", "USD", multiplier=Decimal(100)),
    "SPY-20270115-P-600": Terms("option", "USD", multiplier=Decimal(100)),
}


def commission_of(terms: Terms, quantity: Decimal, value: Decimal) -> tuple[str, Decimal]:
    """Return currency and commission of one whole order."""
    match terms.kind:
        case "stock":
            least = max(Decimal("1.00"), quantity * Decimal("0.005"))
            return "USD", min(least, value / 100)
        case "london":
            return "GBP", max(Decimal(3), value * Decimal("0.0005"))
        case "option":
            return "USD", max(Decimal(1), quantity * Decimal("0.65"))
        case "future":
            return "USD", quantity * terms.per_unit
        case _:
            dollars = quantity if terms.base == "USD" else value
            return "USD", max(Decimal(2), dollars * Decimal("0.00002"))


@dataclass
class Held:
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    """Average price without commissions."""
    cost: Decimal = ZERO
    """Average cost of one unit in money, commissions included."""
    realized: Decimal = ZERO
    """After commissions."""


@dataclass
class Order:
    symbol: str
    quantity: Decimal = ZERO
    value: Decimal = ZERO
    charged: Decimal = ZERO


@dataclass
class Books:
    """Positions, money and profits, fill by fill."""

    cash: dict[str, Decimal] = field(default_factory=lambda: {"USD": Decimal(1_000_000)})
    held: dict[str, Held] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)

    def fill(self, order_id: str, symbol: str, side: str, quantity: Decimal, price: Decimal) -> tuple[str, Decimal]:
        """Book one fill and return the currency and amount of its commission."""
        with localcontext(prec=60):
            return self._fill(order_id, symbol, side, quantity, price)

    def _fill(self, order_id: str, symbol: str, side: str, quantity: Decimal, price: Decimal) -> tuple[str, Decimal]:
        terms = TERMS[symbol]
        value = quantity * price * terms.multiplier
        order = self.orders.setdefault(order_id, Order(symbol))
        order.quantity, order.value = order.quantity + quantity, order.value + value
        currency, whole = commission_of(terms, order.quantity, order.value)
        fee, order.charged = whole - order.charged, whole
        sign = 1 if side == "buy" else -1
        gained = self._trade(symbol, sign * quantity, price, fee)
        if terms.kind == "currency":
            self._pay(terms.base, sign * quantity)
        self._pay(terms.currency, gained if terms.kind == "future" else -sign * value)
        self._pay(currency, -fee)
        return currency, fee

    def _pay(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) + amount

    def _trade(self, symbol: str, signed: Decimal, price: Decimal, fee: Decimal) -> Decimal:
        """Change a position and return its profit before commissions."""
        held, terms = self.held.setdefault(symbol, Held()), TERMS[symbol]
        quantity, sign = abs(signed), 1 if signed > 0 else -1
        unit = terms.multiplier
        own_fee = ZERO if terms.kind == "currency" else fee / quantity
        closing = min(quantity, abs(held.quantity)) if held.quantity * sign < 0 else ZERO
        opening = quantity - closing
        direction = 1 if held.quantity > 0 else -1
        gained = direction * (price - held.price) * closing * unit
        held.realized += direction * (price * unit - held.cost) * closing - own_fee * closing
        left = abs(held.quantity) - closing
        if opening:
            total = left + opening
            held.price = (held.price * left + price * opening) / total
            held.cost = (held.cost * left + (price * unit + sign * own_fee) * opening) / total
        held.quantity += sign * quantity
        if not held.quantity:
            held.price = held.cost = ZERO
        return gained
