"""Money and positions of the services as models of the wire. Pure functions."""

from edgerunner.schemas.accounts import (
    AccountAnswer,
    AccountWorthAnswer,
    BalanceAnswer,
    ConvertedAnswer,
    EquityPointAnswer,
    ExposureAnswer,
    MissingRateAnswer,
    PnlAnswer,
    PortfolioAnswer,
    PositionAnswer,
    UnknownCostAnswer,
)
from edgerunner.services.portfolio import AccountWorth, Converted, Exposure, Portfolio, SummaryView
from edgerunner.services.position_view import PositionView
from edgerunner.storage.store import EquityPoint


def account_answer(view: SummaryView) -> AccountAnswer:
    """Render one account's money."""
    connection, summary = view.connection, view.summary
    return AccountAnswer(
        connection_id=connection.connection_id,
        account_id=summary.account_id,
        environment=connection.environment,
        execution=connection.execution,
        currency=summary.currency,
        balance=summary.balance,
        equity=summary.equity,
        margin_initial=summary.margin_initial,
        margin_maintenance=summary.margin_maintenance,
        margin_available=summary.margin_available,
        unrealized_pnl=summary.unrealized_pnl,
        realized_pnl=summary.realized_pnl,
        balances=[BalanceAnswer.of(balance) for balance in summary.balances],
        as_of=summary.as_of_ns,
    )


def position_answer(view: PositionView) -> PositionAnswer:
    """Render a position."""
    return PositionAnswer(
        connection_id=view.connection_id,
        account_id=view.account_id,
        instrument_id=view.instrument_id,
        position_id=view.position_id,
        side=view.side,
        quantity=view.quantity,
        quantity_unit=view.quantity_unit,
        average_price=view.average_price,
        mark_price=view.mark_price,
        currency=view.currency,
        unrealized_pnl=view.unrealized_pnl,
        realized_pnl=view.realized_pnl,
        leverage=view.leverage,
        take_profit=view.take_profit,
        stop_loss=view.stop_loss,
        protection=view.protection,
        as_of=view.as_of_ns,
    )


def pnl_answer(view: PositionView) -> PnlAnswer:
    """Render a position's profit."""
    return PnlAnswer(
        connection_id=view.connection_id,
        account_id=view.account_id,
        instrument_id=view.instrument_id,
        position_id=view.position_id,
        currency=view.currency,
        mark_price=view.mark_price,
        unrealized_pnl=view.unrealized_pnl,
        realized_pnl=view.realized_pnl,
        as_of=view.as_of_ns,
    )


def portfolio_answer(portfolio: Portfolio) -> PortfolioAnswer:
    """Render everything in one currency."""
    return PortfolioAnswer(
        currency=portfolio.currency,
        as_of=portfolio.as_of_ns,
        equity=portfolio.equity,
        equity_known=portfolio.equity_known,
        unrealized_pnl=portfolio.unrealized_pnl,
        realized_pnl=portfolio.realized_pnl,
        accounts=[_worth(account) for account in portfolio.accounts],
        exposure=[_exposure(exposure) for exposure in portfolio.exposure],
        missing_connections=list(portfolio.missing_connections),
        missing_rates=[MissingRateAnswer(base=base, quote=quote) for base, quote in portfolio.missing_rates],
        unknown_costs=[
            UnknownCostAnswer(connection_id=connection_id, account_id=account_id, instrument_id=instrument_id)
            for connection_id, account_id, instrument_id in portfolio.unknown_costs
        ],
    )


def equity_point_answer(point: EquityPoint) -> EquityPointAnswer:
    """Render what an account was worth at one time."""
    return EquityPointAnswer(
        connection_id=point.connection_id,
        account_id=point.account_id,
        currency=point.currency,
        equity=point.equity,
        balance=point.balance,
        time=point.ts_ns,
    )


def _worth(account: AccountWorth) -> AccountWorthAnswer:
    return AccountWorthAnswer(
        connection_id=account.connection_id,
        account_id=account.account_id,
        environment=account.environment,
        execution=account.execution,
        currency=account.currency,
        equity=account.equity,
        converted=_converted(account.converted),
    )


def _exposure(exposure: Exposure) -> ExposureAnswer:
    return ExposureAnswer(
        connection_id=exposure.connection_id,
        account_id=exposure.account_id,
        instrument_id=exposure.instrument_id,
        position_id=exposure.position_id,
        asset=exposure.asset,
        quantity=exposure.quantity,
        notional=exposure.notional,
        currency=exposure.currency,
        converted=_converted(exposure.converted),
    )


def _converted(converted: Converted) -> ConvertedAnswer:
    return ConvertedAnswer(amount=converted.amount, rate=converted.rate, source=converted.source, age_s=converted.age_s)
