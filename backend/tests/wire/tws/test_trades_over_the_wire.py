"""What clients are told about money, position by position, against bookkeeping of its own (``books.py``)."""

import random
import secrets
from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.tws.pacing import PacingMode
from edgerunner.simulators.tws.settings import PAPER_ACCOUNT, TwsSettings
from edgerunner.simulators.tws.wire import account as wire
from edgerunner.simulators.tws.wire.executions import CommissionReport, ExecutionDetails
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.tws.wire.session import CurrentTime, RequestCurrentTime
from edgerunner.simulators.tws.wire.values import Contract
from tests.unit.simulators.tws.books import Books, Held
from tests.wire.tws.kit import NOW_NS, Client, running_tws

TRADES: Final = 300
TINY: Final = Decimal("1e-9")
MOST: Final = {"AAPL": 300, "VOD@LSE-GBP": 9_000, "USD/JPY": 90_000, "EUR/USD": 90_000, "ES-202612": 2}
MOST_OPTIONS: Final = 5
MARGIN: Final = 201
OPTION: Final = "SPY-20261218-C-620"
CONTRACTS: Final = {
    "AAPL": Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD"),
    "VOD@LSE-GBP": Contract(symbol="VOD", sec_type="STK", exchange="SMART", currency="GBP"),
    "USD/JPY": Contract(symbol="USD", sec_type="CASH", exchange="IDEALPRO", currency="JPY"),
    "EUR/USD": Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD"),
    "ES-202612": Contract(symbol="ES", sec_type="FUT", exchange="CME", currency="USD", expiry="202612"),
    OPTION: Contract(
        symbol="SPY",
        sec_type="OPT",
        exchange="SMART",
        currency="USD",
        expiry="20261218",
        strike=Decimal(620),
        right="C",
    ),
}


async def everything(client: Client, *requests: object) -> list[Any]:
    for request in (*requests, RequestCurrentTime()):
        client.send(request)
    found: list[Any] = []
    while not isinstance(message := await client.message(), CurrentTime):
        found.append(message)
    return found


def order(number: int, name: str, action: str, quantity: int) -> PlaceOrder:
    terms = OrderTerms(action=action, total_quantity=Decimal(quantity), order_type="MKT", time_in_force="DAY")
    return PlaceOrder(order_id=number, contract=CONTRACTS[name], order=terms)


def name_of(told: Contract) -> str:
    matches = [name for name, each in CONTRACTS.items() if (each.symbol, each.sec_type) == (told.symbol, told.sec_type)]
    return matches[0]


def book(books: Books, message: ExecutionDetails, report: CommissionReport) -> None:
    """Book an execution as told, and compare its commission and profit."""
    name, side = name_of(message.contract), "buy" if message.side == "BOT" else "sell"
    held = books.held.setdefault(name, Held())
    quantity, realized = held.quantity, held.realized
    fee = books.fill(str(message.perm_id), name, side, message.shares, message.price)
    assert (report.currency, report.commission) == fee
    closes = quantity * (1 if side == "buy" else -1) < 0
    assert (report.realized_pnl is not None) == closes
    if report.realized_pnl is not None:
        profit = held.realized - realized
        if name == "USD/JPY":
            profit /= message.price
        assert abs(report.realized_pnl - profit) < TINY, name


async def test_executions_commissions_positions_and_cash_told_equal_an_independent_computation() -> None:
    seed = secrets.randbits(32)
    print("seed", seed)  # noqa: T201 - shown when the test fails
    draw, books, now = random.Random(seed), Books(), [NOW_NS]
    settings = TwsSettings(profile="direct", pacing=PacingMode.LENIENT)
    async with running_tws(settings, wall=lambda: now[0]) as tws, Client(tws.port) as client:
        await client.log_on()
        for number in range(1, TRADES + 1):
            name = draw.choice(list(CONTRACTS))
            quantity = draw.randint(1, MOST.get(name, MOST_OPTIONS))
            told = await everything(client, order(number, name, draw.choice(("BUY", "SELL")), quantity))
            reports = {each.execution_id: each for each in told if isinstance(each, CommissionReport)}
            executions = [each for each in told if isinstance(each, ExecutionDetails)]
            assert executions or any(getattr(each, "code", None) == MARGIN for each in told), (name, told)
            for each in executions:
                book(books, each, reports.pop(each.execution_id))
            assert not reports
            now[0] += draw.randrange(4) * 10**8
        assert len(books.orders) > TRADES / 2
        await assert_told(client, books)


async def assert_told(client: Client, books: Books) -> None:
    told = await everything(client, wire.RequestPositions())
    positions = {name_of(each.contract): each for each in told if isinstance(each, wire.Position)}
    for name, held in books.held.items():
        if held.quantity:
            assert positions[name].position == held.quantity, name
            assert abs(positions[name].average_cost - held.cost) < TINY, name
        else:
            assert name not in positions
    values = await everything(client, wire.RequestAccountUpdates(subscribes=True, account=PAPER_ACCOUNT))
    cash = {each.currency: Decimal(each.value) for each in values if getattr(each, "tag", "") == "TotalCashBalance"}
    for currency, amount in books.cash.items():
        assert abs(cash[currency] - amount) < TINY, currency
