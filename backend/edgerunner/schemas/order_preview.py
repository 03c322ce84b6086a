"""The preview of an order on the wire."""

from typing import Self

from edgerunner.domain.order_preview import OrderEstimate, OrderPreview
from edgerunner.domain.orders import Money
from edgerunner.schemas.base import AnswerModel
from edgerunner.schemas.orders import BrokerWordsAnswer, DeniedAnswer, MoneyAnswer
from edgerunner.schemas.scalars import DecimalText


class EstimateAnswer(AnswerModel):
    """The broker's own figures for the account after the order, in `currency`; null = it does not say."""

    currency: str
    margin_initial: DecimalText | None
    margin_initial_change: DecimalText | None
    margin_maintenance: DecimalText | None
    margin_maintenance_change: DecimalText | None
    equity: DecimalText | None
    fee: MoneyAnswer | None
    fee_least: MoneyAnswer | None
    fee_most: MoneyAnswer | None
    warning: str | None

    @classmethod
    def of(cls, estimate: OrderEstimate) -> Self:
        """Render an estimate."""
        return cls(
            currency=estimate.currency,
            margin_initial=estimate.margin_initial,
            margin_initial_change=estimate.margin_initial_change,
            margin_maintenance=estimate.margin_maintenance,
            margin_maintenance_change=estimate.margin_maintenance_change,
            equity=estimate.equity,
            fee=_money(estimate.fee),
            fee_least=_money(estimate.fee_least),
            fee_most=_money(estimate.fee_most),
            warning=estimate.warning,
        )


class PreviewAnswer(AnswerModel):
    """What an order would meet now; nothing was placed.

    `denied`: our risk checks or the live interlock. `refused`: the broker. `unsupported`: why there is no estimate.
    """

    connection_id: str
    account_id: str
    notional: MoneyAnswer | None
    denied: DeniedAnswer | None
    refused: BrokerWordsAnswer | None
    estimate: EstimateAnswer | None
    unsupported: str | None

    @classmethod
    def of(cls, connection_id: str, preview: OrderPreview) -> Self:
        """Render a preview."""
        denied, refused = preview.denied, preview.refused
        return cls(
            connection_id=connection_id,
            account_id=preview.account_id,
            notional=_money(preview.notional),
            denied=None if denied is None else DeniedAnswer(code=denied.code, text=denied.text),
            refused=None if refused is None else BrokerWordsAnswer(status=None, code=refused.code, text=refused.text),
            estimate=None if preview.estimate is None else EstimateAnswer.of(preview.estimate),
            unsupported=preview.unsupported,
        )


def _money(money: Money | None) -> MoneyAnswer | None:
    return None if money is None else MoneyAnswer.of(money)
