"""The kill switch: halt, cancel, flatten; each step is tried whatever became of the one before."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from edgerunner.domain.errors import EdgerunnerError
from edgerunner.domain.orders import Source
from edgerunner.risk.limits import TradingState
from edgerunner.risk.scopes import Scope
from edgerunner.services.item_results import ItemResult
from edgerunner.services.risk_service import ScopeView
from edgerunner.services.session import Session

WAIT_MS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one step; ``results`` per order or position, ``detail`` when the step itself failed."""

    name: str
    ok: bool
    detail: str | None = None
    results: tuple[ItemResult, ...] = ()


class States(Protocol):
    """Where trading states are set."""

    async def set_state(self, scope: Scope, state: TradingState, *, actor: str, reason: str | None) -> ScopeView:
        """Halt or release a scope."""
        ...


class Exits(Protocol):
    """How orders and positions are ended."""

    async def cancel_all(
        self,
        *,
        connection_id: str | None = None,
        account_id: str | None = None,
        instrument_id: str | None = None,
        strategy_id: str | None = None,
        actor: str,
        wait_ms: int = 2000,
    ) -> list[ItemResult]:
        """Cancel the working orders of a selection."""
        ...

    async def close_positions(
        self,
        *,
        connection_id: str,
        account_id: str | None = None,
        instrument_id: str | None = None,
        position_id: str | None = None,
        actor: str,
        source: Source = Source.API,
        wait_ms: int = 2000,
        is_emergency: bool = False,
    ) -> list[ItemResult]:
        """Close the positions of a selection."""
        ...


class LiveSessions(Protocol):
    """The running connections."""

    def sessions(self) -> list[Session]:
        """Return every session that is open."""
        ...


class KillSwitch:
    """Stops a scope. Works while links are degraded: what cannot be reached is told by name."""

    def __init__(self, *, states: States, orders: Exits, connections: LiveSessions) -> None:
        self._states = states
        self._orders = orders
        self._connections = connections

    async def halt(
        self, scope: Scope, *, cancel_orders: bool, flatten: bool, actor: str, reason: str | None
    ) -> list[Step]:
        """Halt a scope, then cancel its orders and close its positions as asked.

        A strategy has no positions of its own at a broker, so flattening one raises nothing but is a
        failed step with the reason: close its instruments by account instead.
        """
        steps = [await self._halted(scope, actor, reason)]
        if cancel_orders:
            steps.append(await self._canceled(scope, actor))
        if flatten:
            steps.append(await self._flattened(scope, actor))
        return steps

    async def _halted(self, scope: Scope, actor: str, reason: str | None) -> Step:
        try:
            await self._states.set_state(scope, TradingState.HALTED, actor=actor, reason=reason)
        except EdgerunnerError as error:
            detail = f"halted until this process ends, but not written: {error.detail}"
            return Step(name="halt", ok=False, detail=detail)
        return Step(name="halt", ok=True)

    async def _canceled(self, scope: Scope, actor: str) -> Step:
        return await _step(
            "cancel_orders",
            self._orders.cancel_all(
                connection_id=scope.connection_id,
                account_id=scope.account_id,
                strategy_id=scope.strategy_id,
                actor=actor,
                wait_ms=WAIT_MS,
            ),
        )

    async def _flattened(self, scope: Scope, actor: str) -> Step:
        if scope.strategy_id is not None:
            detail = "positions belong to accounts: halt the account with flatten, or POST /positions/close"
            return Step(name="flatten", ok=False, detail=detail)
        results: list[ItemResult] = []
        failures: list[str] = []
        for session in self._connections.sessions():
            if scope.connection_id not in {None, session.connection_id}:
                continue
            closing = self._orders.close_positions(
                connection_id=session.connection_id,
                account_id=scope.account_id,
                actor=actor,
                wait_ms=WAIT_MS,
                is_emergency=True,
            )
            step = await _step("flatten", closing)
            results.extend(step.results)
            if step.detail is not None:
                failures.append(f"{session.connection_id}: {step.detail}")
        ok = not failures and all(result.ok for result in results)
        return Step(name="flatten", ok=ok, detail="; ".join(failures) or None, results=tuple(results))


async def _step(name: str, work: Awaitable[list[ItemResult]]) -> Step:
    try:
        results = tuple(await work)
    except EdgerunnerError as error:
        return Step(name=name, ok=False, detail=error.detail)
    return Step(name=name, ok=all(result.ok for result in results), results=results)
