"""Risk of the services as models of the wire. Pure functions."""

from collections.abc import Iterable
from decimal import Decimal

from edgerunner.risk.limits import RiskLimits
from edgerunner.risk.scopes import EVERYTHING
from edgerunner.routes.rendering import item_results
from edgerunner.schemas.risk import (
    ArmingAnswer,
    HaltAnswer,
    LimitsAnswer,
    RiskAnswer,
    ScopeAnswer,
    StepAnswer,
    UseAnswer,
)
from edgerunner.services.kill_switch import Step
from edgerunner.services.live_arming import Arming
from edgerunner.services.risk_service import AccountRisk, ScopeView

_FRACTION_DECIMALS = 8


def risk_answer(scopes: Iterable[ScopeView], accounts: Iterable[AccountRisk], armed: Iterable[Arming]) -> RiskAnswer:
    """Render everything."""
    views = list(scopes)
    everything = next(view for view in views if view.scope == EVERYTHING)
    return RiskAnswer(
        state=everything.state.value,
        limits=limits_answer(everything.limits),
        use=[_use(account) for account in accounts],
        scopes=[scope_answer(view) for view in views],
        armed=[arming_answer(arming) for arming in armed],
    )


def limits_answer(limits: RiskLimits) -> LimitsAnswer:
    """Render limits."""
    return LimitsAnswer(**{name: getattr(limits, name) for name in LimitsAnswer.model_fields})


def scope_answer(view: ScopeView) -> ScopeAnswer:
    """Render one scope."""
    return ScopeAnswer(
        scope=str(view.scope),
        state=view.state.value,
        reason=view.reason,
        actor=view.actor,
        changed_at=view.changed_at_ns or None,
        limits=limits_answer(view.limits),
    )


def arming_answer(arming: Arming) -> ArmingAnswer:
    """Render one armed account."""
    return ArmingAnswer(connection_id=arming.connection_id, account_id=arming.account_id, armed_until=arming.until_ns)


def halt_answer(scope: str, state: str, steps: Iterable[Step]) -> HaltAnswer:
    """Render what the kill switch did."""
    return HaltAnswer(
        scope=scope,
        state=state,
        steps=[
            StepAnswer(step=step.name, ok=step.ok, detail=step.detail, results=item_results(step.results).results)
            for step in steps
        ],
    )


def _use(account: AccountRisk) -> UseAnswer:
    equity = account.equity
    return UseAnswer(
        connection_id=account.connection_id,
        account_id=account.account_id,
        currency=account.currency,
        state=account.state.value,
        limits=limits_answer(account.limits),
        open_orders=account.open_orders,
        orders_last_second=account.orders_last_second,
        exposure=None if account.exposure is None else round(account.exposure, _FRACTION_DECIMALS),
        equity=equity.now,
        daily_loss=_difference(equity.day_start, equity.now),
        drawdown=_drawdown(equity.peak, equity.now),
    )


def _difference(before: Decimal | None, now: Decimal | None) -> Decimal | None:
    return None if before is None or now is None else before - now


def _drawdown(peak: Decimal | None, now: Decimal | None) -> Decimal | None:
    if peak is None or now is None or peak <= 0:
        return None
    return round((peak - now) / peak, _FRACTION_DECIMALS)
