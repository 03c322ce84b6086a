"""Asks our TWS what a recorded client asked a real gateway, and notes the words of the answers."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.server import TwsServer
from edgerunner.simulators.tws.wire.account import CancelAccountSummary, RequestAccountSummary
from edgerunner.simulators.tws.wire.contracts import ContractDetails, ContractDetailsEnd, RequestContractDetails
from edgerunner.simulators.tws.wire.executions import RequestExecutions
from edgerunner.simulators.tws.wire.market_requests import RequestHistoricalData, RequestRealTimeBars
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import (
    CancelOrder,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestCompletedOrders,
    RequestOpenOrders,
)
from edgerunner.simulators.tws.wire.session import CurrentTime, RequestCurrentTime
from edgerunner.simulators.tws.wire.values import Contract
from tests.waiting import until
from tests.wire.tws.kit import Client
from tests.wire.tws.transcripts import Fields, Step, Words, legs_of, told_words

REQUEST_ID = 900
Outcome = list[tuple[Step, list[Words]]]


class Replay:
    """One transcript against one server."""

    def __init__(self, tws: TwsServer) -> None:
        self._tws = tws
        self._ids: dict[str, int] = {}
        self._first = (0, 0)

    async def run(self, name: str) -> Outcome:
        """Return every request of the transcript with the words of our answers."""
        outcome: Outcome = []
        for leg in legs_of(name):
            async with AsyncExitStack() as stack:
                client = await stack.enter_async_context(Client(self._tws.port))
                greeting = await client.log_on(leg.client_id)
                self._first = (leg.next_order_id, greeting[1].order_id)
                for step in leg.steps:
                    outcome.append((step, await self._take(client, step)))
            await until_gone(self._tws, leg.client_id)
        return outcome

    async def _take(self, client: Client, step: Step) -> list[Words]:
        faults = self._tws.gateway.faults
        pins = pin(faults, step)
        client.send(await self._request(client, step))
        words: list[Words] = []
        while len(words) < len(step.answers):
            words += told_words(await client.message())
        client.send(RequestCurrentTime())
        while not isinstance(message := await client.message(), CurrentTime):
            words += told_words(message)
        for fault_id in pins:
            if any(fault.fault_id == fault_id for fault in faults.active()):
                faults.remove(fault_id)
        return words

    async def _request(self, client: Client, step: Step) -> object:
        if step.name == "place_order":
            return await self._order(client, step.fields)
        return REQUESTS[step.name](self, step.fields)

    async def _order(self, client: Client, fields: Fields) -> PlaceOrder:
        recorded = fields["order_id"]
        if recorded not in self._ids:
            self._ids[recorded] = int(recorded) - self._first[0] + self._first[1]
        return PlaceOrder(
            order_id=self._ids[recorded],
            contract=await self._contract(client, fields.get("contract", {"symbol": "AAPL"})),
            order=OrderTerms(
                action=fields["action"],
                total_quantity=Decimal(fields["total_quantity"]),
                order_type=fields["order_type"],
                limit_price=number(fields, "lmt_price"),
                aux_price=number(fields, "aux_price"),
                time_in_force=fields["tif"],
                transmit=fields.get("transmit", True),
            ),
        )

    async def _contract(self, client: Client, fields: Fields) -> Contract:
        """Name the recorded contract as ours is named: of a future its first month."""
        if fields["symbol"] != "MES":
            return contract_of({"sec_type": "STK", "exchange": "SMART", "currency": "USD", **fields})
        asked = Contract(symbol="MES", sec_type="FUT", exchange="CME", currency="USD")
        client.send(RequestContractDetails(request_id=REQUEST_ID, contract=asked))
        months: list[ContractDetails] = []
        while not isinstance(message := await client.message(), ContractDetailsEnd):
            months.append(message)
        return Contract(con_id=min(months, key=lambda each: each.last_trade).con_id, exchange="CME")

    def cancel(self, fields: Fields) -> object:
        return CancelOrder(order_id=self._ids[fields["order_id"]])


async def until_gone(tws: TwsServer, client_id: int) -> None:
    """Wait until TWS has noticed that a client is gone."""

    async def is_gone() -> bool:
        return tws.gateway.sessions.get(client_id) is None

    await until(is_gone, timeout_s=5, what=f"client {client_id} to be gone")


def pin(faults: FaultBox, step: Step) -> list[str]:
    """Fix what a gateway did now so, now so, to what it did in the recorded step; return the ids of the faults."""
    pinned = [faults.add("ibkr", "ibkr.profile", count=0, params=choices(step))]
    if step.count("execution_detail") > step.count("commission_report"):
        pinned.append(faults.add("ibkr", "ibkr.missing_commission"))
    if step.name == "req_executions" and not step.answers:
        pinned.append(faults.add("ibkr", "ibkr.missing_end_marker", params={"marker": "executions"}))
    return [fault.fault_id for fault in pinned]


def choices(step: Step) -> dict[str, object]:
    names = [words[0] for words in step.answers]
    statuses = [words[1] for words in step.statuses]
    if (
        "execution_detail" in names
        and names.index("execution_detail") > names.index("order_status")
        and (statuses[0] == "Filled")
    ):
        return {"name": "late_execution"}
    fills = names[names.index("execution_detail") :] if "execution_detail" in names else []
    return {
        "name": "paper_2026",
        "stepped": yes(statuses[:1] == ["PreSubmitted"]),
        "order_at_fill": yes("open_order" in fills),
        "commission_first": "no",
        "pending_cancel": yes("PendingCancel" in statuses),
        "list_status": "no",
    }


def yes(decided: object) -> str:
    return "yes" if decided else "no"


def number(fields: Fields, name: str) -> Decimal | None:
    return Decimal(fields[name]) if fields.get(name) else None


def contract_of(fields: Fields) -> Contract:
    known = ("symbol", "sec_type", "exchange", "currency", "primary_exchange", "local_symbol")
    return Contract(con_id=int(fields.get("con_id", 0)), **{name: fields.get(name, "") for name in known})


def _history(_: Replay, fields: Fields) -> object:
    return RequestHistoricalData(
        request_id=1,
        contract=contract_of(fields["contract"]),
        end="",
        bar_size=fields["bar_size"],
        duration=fields["duration"],
        is_regular_hours=fields["use_rth"],
        what_to_show=fields["what_to_show"],
        date_format=1,
    )


REQUESTS: Mapping[str, Callable[[Replay, Fields], Any]] = {
    "cancel_order": Replay.cancel,
    "req_open_orders": lambda _, fields: RequestAllOpenOrders() if fields["scope"] == "all" else RequestOpenOrders(),
    "req_completed_orders": lambda _, fields: RequestCompletedOrders(only_api=fields["api_only"]),
    "req_executions": lambda _, __: RequestExecutions(request_id=1),
    "req_account_summary": lambda _, fields: RequestAccountSummary(
        request_id=1, group=fields["account"], tags=",".join(fields["tags"])
    ),
    "cancel_account_summary": lambda _, __: CancelAccountSummary(request_id=1),
    "req_contract_details": lambda _, fields: RequestContractDetails(
        request_id=1, contract=contract_of(fields["contract"])
    ),
    "req_historical_bars": _history,
    "req_realtime_bars": lambda _, fields: RequestRealTimeBars(
        request_id=1,
        contract=contract_of(fields["contract"]),
        bar_seconds=5,
        what_to_show=fields["what_to_show"],
        is_regular_hours=fields["use_rth"],
    ),
}
