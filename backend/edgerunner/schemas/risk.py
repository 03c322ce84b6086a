"""Risk on the wire: limits, their use, states, the kill switch, the arming of live accounts."""

from typing import Annotated

from pydantic import Field

from edgerunner.schemas.base import AnswerModel, Flag, RequestModel, one_of
from edgerunner.schemas.orders import ItemAnswer
from edgerunner.schemas.scalars import ConnectionId, DecimalText, PositiveDecimal, TimeText, Word

SCOPE_FORMS = "all, connection:<connection_id>, account:<connection_id>:<account_id> or strategy:<strategy_id>"

ScopeText = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9:_.@/ -]{1,200}$", description=SCOPE_FORMS, examples=["all", "connection:bybit-sim"]),
]
State = Annotated[str, one_of("active", "reducing", "halted")]
_Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]


class LimitsRequest(RequestModel):
    """The limits of one scope; what is left out or null is not limited by this scope."""

    max_order_quantity: PositiveDecimal | None = None
    max_order_notional: PositiveDecimal | None = None
    max_instrument_exposure: PositiveDecimal | None = None
    max_account_exposure: PositiveDecimal | None = None
    max_open_orders: _Count | None = None
    max_orders_per_second: _Count | None = None
    price_collar: PositiveDecimal | None = None
    max_quote_age_s: PositiveDecimal | None = None
    duplicate_window_s: PositiveDecimal | None = None
    max_daily_loss: PositiveDecimal | None = None
    max_drawdown: PositiveDecimal | None = None
    session_hours: Flag | None = None
    reduce_only: Flag | None = None


class PutLimitsRequest(RequestModel):
    """Replaces the limits of one scope."""

    scope: ScopeText = "all"
    limits: LimitsRequest


class HaltRequest(RequestModel):
    """What to stop, and what to do with what works and what is held."""

    scope: ScopeText = "all"
    cancel_orders: Flag = True
    flatten: Flag = False
    reason: Word | None = None


class ResumeRequest(RequestModel):
    """Which scope may trade again; other scopes keep their states."""

    scope: ScopeText = "all"


class ArmRequest(RequestModel):
    """Lets a live account trade for some minutes; ``confirm`` repeats the account's id."""

    connection_id: ConnectionId
    account_id: Word
    confirm: Word
    minutes: Annotated[int, Field(strict=True, ge=1, le=1_440)] = 15


class DisarmRequest(RequestModel):
    """Ends an arming at once."""

    connection_id: ConnectionId
    account_id: Word


class LimitsAnswer(AnswerModel):
    """Limits; null = not limited. Money is in the account's currency, fractions are of 1."""

    max_order_quantity: DecimalText | None
    max_order_notional: DecimalText | None
    max_instrument_exposure: DecimalText | None
    max_account_exposure: DecimalText | None
    max_open_orders: int | None
    max_orders_per_second: int | None
    price_collar: DecimalText | None
    max_quote_age_s: DecimalText | None
    duplicate_window_s: DecimalText | None
    max_daily_loss: DecimalText | None
    max_drawdown: DecimalText | None
    session_hours: bool | None
    reduce_only: bool | None


class ScopeAnswer(AnswerModel):
    """One scope's own state and limits; ``changed_at`` null = never changed."""

    scope: str
    state: State
    reason: str | None
    actor: str
    changed_at: TimeText | None
    limits: LimitsAnswer


class UseAnswer(AnswerModel):
    """What holds for one account, the strictest of all scopes that cover it, and how much of it is used.

    Null = not known. ``exposure`` counts working orders as filled; ``drawdown`` is a fraction of the peak.
    """

    connection_id: str
    account_id: str
    currency: str
    state: State
    limits: LimitsAnswer
    open_orders: int
    orders_last_second: int
    exposure: DecimalText | None
    equity: DecimalText | None
    daily_loss: DecimalText | None
    drawdown: DecimalText | None


class ArmingAnswer(AnswerModel):
    """A live account that may trade now."""

    connection_id: str
    account_id: str
    armed_until: TimeText


class RiskAnswer(AnswerModel):
    """``state`` and ``limits`` of the scope ``all``, their use by account, and every scope that was ever set."""

    state: State
    limits: LimitsAnswer
    use: list[UseAnswer]
    scopes: list[ScopeAnswer]
    armed: list[ArmingAnswer]


class RiskChangeAnswer(AnswerModel):
    """What the stream's channel ``risk`` tells: every scope that was ever set, changed ones in a delta."""

    scopes: list[ScopeAnswer]


class StepAnswer(AnswerModel):
    """One step of the kill switch; ``detail`` says why it failed as a whole."""

    step: Annotated[str, one_of("halt", "cancel_orders", "flatten")]
    ok: bool
    detail: str | None
    results: list[ItemAnswer]


class HaltAnswer(AnswerModel):
    """What the kill switch did, step by step."""

    scope: str
    state: State
    steps: list[StepAnswer]
