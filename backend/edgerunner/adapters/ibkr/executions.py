"""Executions and their commissions as ``FillReport``: two messages, in any order, maybe minutes apart.

A fill waits a moment for its commission. When none comes it is told with a fee of zero, and the commission follows as a
cash movement under the id that a fill's own fee has: so it becomes that fee, once, whoever tells it and how often.

TWS stamps executions with whole seconds. Within one second their ids order them, as far as they have one beginning:
``0000e1a7.69e23a2f.01.01`` and then ``0000e1a7.69e23a30.01.01`` (recorded). The number behind the beginning grows from
fill to fill; beginnings differ between places of execution (recorded: purchases and sales of a share), and their
numbers tell nothing about each other.
"""

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import structlog
from ib_async.contract import Contract
from ib_async.objects import CommissionReport, Execution

from edgerunner.adapters.broker import CashReport, FillReport
from edgerunner.adapters.ibkr.order_terms import client_key
from edgerunner.adapters.ibkr.order_words import OUR_SIDES
from edgerunner.adapters.ibkr.values import nanoseconds, number
from edgerunner.domain.cash import COMMISSION, fee_movement_id
from edgerunner.domain.events import CashMoved, OrderFilled
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import Liquidity, Money

COMMISSION_WAIT_S: Final = 1.5
_GAVE: Final = 1
"""lastLiquidity 1 = added liquidity, 2 = took it, 3 = was routed away."""

_ID: Final = re.compile(r"(?P<line>[0-9a-f]{8})\.(?P<number>[0-9a-f]{8})\.(?P<part>[0-9a-f]{2})\.[0-9a-f]{2}")
"""The part after the number tells the legs of a combination apart (as users report), the last one revisions."""

_log = structlog.get_logger(__name__)


class Executions:
    """Puts both messages together and tells each fill when it is whole."""

    def __init__(
        self,
        *,
        account_ids: Callable[[], frozenset[str]],
        instrument_of: Callable[[Contract], Instrument | None],
        stranger: Callable[[Contract], None],
        tell: Callable[[FillReport | CashReport], None],
    ) -> None:
        self._account_ids = account_ids
        self._instrument_of = instrument_of
        self._stranger = stranger
        self._tell = tell
        self._executions: dict[str, tuple[Contract, Execution]] = {}
        self._commissions: dict[str, CommissionReport] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self.whole = asyncio.Event()
        """Set while no fill waits for its commission."""
        self.whole.set()

    def execution(self, contract: Contract, execution: Execution) -> bool:
        """Note an execution; True when it is new and of our accounts.

        A combination's own execution changes no holding (its legs' do). A correction repeats an execution under the
        next revision of its id (the part after the last point): it is reported in the log, not booked a second time.
        """
        is_ours = execution.acctNumber in self._account_ids() and contract.secType != "BAG"
        if not is_ours or execution.execId in self._executions:
            return False
        base = execution.execId.rpartition(".")[0]
        known = [each for each in self._executions if base and each.rpartition(".")[0] == base]
        if known:
            _log.error("ibkr_execution_corrected", execution_id=execution.execId, before=known[-1])
            return False
        self._executions[execution.execId] = (contract, execution)
        if execution.execId in self._commissions:
            self._tell_now(execution.execId)
        else:
            loop = asyncio.get_running_loop()
            self._waiting[execution.execId] = loop.call_later(COMMISSION_WAIT_S, self._tell_now, execution.execId)
            self.whole.clear()
        return True

    def commission(self, report: CommissionReport) -> None:
        """Note a commission; reports of other clients' executions may come too, and before their executions."""
        is_known = report.execId in self._commissions
        self._commissions[report.execId] = report
        if is_known or report.execId not in self._executions:
            return
        if report.execId in self._waiting:
            self._tell_now(report.execId)
        elif (late := self._movement(report.execId)) is not None:
            self._tell(late)

    def strangers(self) -> list[Contract]:
        """Return contracts of executions whose instrument is not known yet."""
        return [contract for contract, _ in self._executions.values() if self._instrument_of(contract) is None]

    def reports(self, *, since_ns: int) -> list[FillReport]:
        """Return every execution heard of since a time, oldest first."""
        found = [report for each in self._executions if (report := self._report(each)) is not None]
        return sorted((each for each in found if each.ts_event_ns >= since_ns), key=lambda each: each.ts_event_ns)

    def commissions(self, *, since_ns: int) -> list[CashReport]:
        """Return the commissions of the executions heard of since a time, oldest first."""
        found = [report for each in self._executions if (report := self._movement(each)) is not None]
        return sorted((each for each in found if each.ts_event_ns >= since_ns), key=lambda each: each.ts_event_ns)

    def forget(self) -> None:
        """Forget all, after telling what waits: TWS's list of today's executions brings them again."""
        for execution_id in list(self._waiting):
            self._tell_now(execution_id)
        self._executions.clear()
        self._commissions.clear()

    def close(self) -> None:
        """End every wait."""
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()

    def _tell_now(self, execution_id: str) -> None:
        timer = self._waiting.pop(execution_id, None)
        if timer is not None:
            timer.cancel()
        if not self._waiting:
            self.whole.set()
        report = self._report(execution_id)
        if report is not None:
            self._tell(report)

    def _report(self, execution_id: str) -> FillReport | None:
        contract, execution = self._executions[execution_id]
        instrument = self._instrument_of(contract)
        if instrument is None:
            self._stranger(contract)
            return None
        fee = self._commissions.get(execution_id)
        line, rank = _place(execution_id)
        return FillReport(
            client_order_id=client_key(execution.orderRef),
            venue_order_id=str(execution.permId),
            account_id=execution.acctNumber,
            fill=OrderFilled(
                trade_id=execution.execId,
                venue_order_id=str(execution.permId),
                instrument_id=instrument.instrument_id,
                side=OUR_SIDES[execution.side],
                quantity=number(execution.shares) or Decimal(0),
                price=number(execution.price) or Decimal(0),
                liquidity=Liquidity.MAKER if execution.lastLiquidity == _GAVE else Liquidity.TAKER,
                fee=_fee(fee, instrument),
                contract=instrument.contract,
                line=line,
                rank=rank,
            ),
            ts_event_ns=nanoseconds(execution.time),
        )

    def _movement(self, execution_id: str) -> CashReport | None:
        report = self._report(execution_id)
        if report is None or not report.fill.fee.amount:
            return None
        movement = CashMoved(
            movement_id=fee_movement_id(execution_id),
            kind=COMMISSION,
            currency=report.fill.fee.currency,
            amount=-report.fill.fee.amount,
            instrument_id=report.fill.instrument_id,
            trade_id=execution_id,
        )
        return CashReport(
            account_id=report.account_id,
            movement=movement,
            ts_event_ns=report.ts_event_ns,
            client_order_id=report.client_order_id,
            venue_order_id=report.venue_order_id,
        )


def _place(execution_id: str) -> tuple[str, int]:
    """Return what an execution's number counts in, and the number; nothing for an id of another form."""
    form = _ID.fullmatch(execution_id)
    if form is None:
        return "", 0
    return form["line"], int(form["number"], 16) << 16 | int(form["part"], 16)


def _fee(report: CommissionReport | None, instrument: Instrument) -> Money:
    """Return the commission; positive is a cost at TWS too."""
    amount = None if report is None else number(report.commission)
    if report is None or amount is None:
        return Money(currency=instrument.settle, amount=Decimal(0))
    return Money(currency=report.currency or instrument.settle, amount=amount)
