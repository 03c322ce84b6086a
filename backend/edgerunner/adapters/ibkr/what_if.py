"""What an order would cost, asked of TWS with a what-if order: it is answered and forgotten, never placed."""

from collections.abc import Callable
from typing import Final

from ib_async.contract import Contract
from ib_async.order import OrderState

from edgerunner.adapters.ibkr.api import Api
from edgerunner.adapters.ibkr.order_desk import OrderDesk
from edgerunner.adapters.ibkr.placement import OrderStyle, check_terms, parent_order
from edgerunner.adapters.ibkr.values import number
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.order_preview import OrderEstimate
from edgerunner.domain.orders import Money, OrderTerms
from edgerunner.domain.values import replace

_NO_KEY: Final = ""


class WhatIf:
    """Asks what-if orders. They take order ids like others, since TWS counts these ids too."""

    def __init__(self, api: Callable[[], Api], desk: OrderDesk, *, style: OrderStyle, timeout_s: float) -> None:
        self._api = api
        self._desk = desk
        self._style = style
        self._timeout_s = timeout_s

    async def ask(
        self, terms: OrderTerms, *, account_id: str, contract: Contract, instrument: Instrument, currency: str
    ) -> OrderEstimate:
        """Return TWS's estimate in the account's ``currency``; the exits of the order are not part of it.

        Raises ``BrokerRejected`` with TWS's code, ``BrokerTimeout``, ``NotConnected``.
        """
        check_terms(terms, instrument)
        plain = replace(terms, take_profit=None, stop_loss=None)
        order = parent_order(plain, key=_NO_KEY, account_id=account_id, style=self._style)
        api = self._api()
        order.orderId = api.take_order_id(above=self._desk.book.highest_id(self._desk.client_id))
        order.whatIf = True

        async def answered() -> OrderState:
            answer = api.wrapper.startReq(order.orderId, contract)
            api.client.placeOrder(order.orderId, contract, order)
            state: OrderState = await answer
            return state

        return _estimate(await api.ask("a what-if order", answered, timeout_s=self._timeout_s), currency)


def _estimate(state: OrderState, currency: str) -> OrderEstimate:
    fee_currency = state.commissionCurrency or currency

    def fee(told: float) -> Money | None:
        found = number(told)
        return None if found is None else Money(currency=fee_currency, amount=found)

    return OrderEstimate(
        currency=currency,
        margin_initial=number(state.initMarginAfter),
        margin_initial_change=number(state.initMarginChange),
        margin_maintenance=number(state.maintMarginAfter),
        margin_maintenance_change=number(state.maintMarginChange),
        equity=number(state.equityWithLoanAfter),
        fee=fee(state.commission),
        fee_least=fee(state.minCommission),
        fee_most=fee(state.maxCommission),
        warning=state.warningText or None,
    )
