"""Order messages as ib_async hands them over, and a desk that hears them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ib_async.contract import Contract
from ib_async.objects import CommissionReport, Execution
from ib_async.order import Order, OrderState

from edgerunner.adapters.broker import CashReport, FillReport, OrderReport
from edgerunner.adapters.ibkr.order_book import Record
from edgerunner.adapters.ibkr.order_desk import OrderDesk
from edgerunner.domain.instruments import Instrument, PriceBand, Product, QuantityUnit

ACCOUNT = "DU1000001"
KEY = "01HZX0000000000000000000AB"
PERM_ID = 1_234_567_890
PRICE = "101.5"
AAPL = Contract(conId=265598, symbol="AAPL", secType="STK", currency="USD", exchange="SMART", localSymbol="AAPL")
APPLE = Instrument(
    instrument_id="AAPL.IBKR",
    venue_symbol="AAPL",
    product=Product.STOCK,
    base="AAPL",
    quote="USD",
    settle="USD",
    quantity_unit=QuantityUnit.SHARES,
    tick_size=Decimal("0.0001"),
    price_bands=(PriceBand(from_price=Decimal(1), tick_size=Decimal("0.01")),),
    lot_step=Decimal(1),
    min_quantity=Decimal(1),
)


class Heard:
    """A desk for one client, and everything it told."""

    def __init__(self, *, client_id: int = 7, knows_apple: bool = True) -> None:
        self.told: list[OrderReport | FillReport | CashReport] = []
        self.strangers: list[Contract] = []
        self.suspects: list[Record] = []
        self.knows_apple = knows_apple
        self.desk = OrderDesk(
            account_ids=lambda: frozenset({ACCOUNT}),
            instrument_of=lambda contract: APPLE if self.knows_apple and contract.conId == AAPL.conId else None,
            stranger=self.strangers.append,
            tell=self.told.append,
            suspect=self.suspects.append,
            now_ns=lambda: 1_000,
        )
        self.desk.start_anew(client_id)

    @property
    def orders(self) -> list[OrderReport]:
        return [each for each in self.told if isinstance(each, OrderReport)]

    @property
    def fills(self) -> list[FillReport]:
        return [each for each in self.told if isinstance(each, FillReport)]

    @property
    def cash(self) -> list[CashReport]:
        return [each for each in self.told if isinstance(each, CashReport)]

    def open_order(self, status: str, **fields: Any) -> None:
        self.desk.open_order(AAPL, order(**fields), OrderState(status=status))

    def status(self, word: str, *, filled: float = 0.0, why_held: str = "", **ids: int) -> None:
        self.desk.order_status(
            order_id=ids.get("order_id", 5),
            client_id=ids.get("client_id", 7),
            perm_id=ids.get("perm_id", PERM_ID),
            status=word,
            filled=filled,
            average=101.5 if filled else 0.0,
            why_held=why_held,
        )

    def executed(self, execution_id: str = "0001.01", *, shares: float = 40.0, **fields: Any) -> None:
        execution = Execution(
            execId=execution_id,
            time=datetime(2026, 11, 23, 15, 0, 1, tzinfo=UTC),
            acctNumber=fields.pop("account", ACCOUNT),
            side=fields.pop("side", "BOT"),
            shares=shares,
            price=float(PRICE),
            permId=PERM_ID,
            clientId=7,
            orderId=5,
            orderRef=KEY,
            lastLiquidity=2,
            **fields,
        )
        self.desk.execution(AAPL, execution)

    def charged(self, execution_id: str = "0001.01", told: str = "1.0") -> None:
        self.desk.commission(CommissionReport(execId=execution_id, commission=float(told), currency="USD"))


def order(**fields: Any) -> Order:
    """A resting buy of 100 AAPL at 101.5 by client 7 under our key."""
    known: dict[str, Any] = {
        "orderId": 5,
        "clientId": 7,
        "permId": PERM_ID,
        "action": "BUY",
        "totalQuantity": 100.0,
        "orderType": "LMT",
        "lmtPrice": 101.5,
        "tif": "DAY",
        "account": ACCOUNT,
        "orderRef": KEY,
    }
    return Order(**{**known, **fields})
