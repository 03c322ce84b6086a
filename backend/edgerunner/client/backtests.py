"""Backtests through the API."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, TypedDict, cast

from edgerunner.client.transport import ApiTransport, Json
from edgerunner.client.types import Number, plain_number

RunState = Literal["queued", "running", "completed", "failed", "canceled"]
POLL_S = 0.25


class WrongField(TypedDict):
    """A field of the request that was wrong."""

    field: str
    code: str
    message: str


class RunError(TypedDict):
    """Why a run has no result."""

    code: str
    detail: str
    errors: list[WrongField]


class BacktestRun(TypedDict):
    """A run; ``metrics`` and ``assumptions`` are None until it completed, ``progress`` is 0 to 1."""

    run_id: str
    state: RunState
    progress: float
    request: dict[str, object]
    metrics: dict[str, float | int | str | None] | None
    assumptions: dict[str, str] | None
    error: RunError | None
    created_at: str
    started_at: str | None
    finished_at: str | None


class BacktestRunPage(TypedDict):
    """Runs, newest first."""

    runs: list[BacktestRun]
    next_cursor: str | None


class BacktestTrade(TypedDict):
    """A closed round trip; ``pnl`` is net of fees."""

    instrument_id: str
    side: str
    quantity: str
    entry_time: str
    entry_price: str
    exit_time: str
    exit_price: str
    pnl: str
    fees: str
    bars_held: int
    mae: str | None
    mfe: str | None


class BacktestRefusal(TypedDict):
    """All orders that were refused with one code; ``text`` is the sentence of the first of them."""

    code: str
    orders: int
    text: str
    first_time: str
    last_time: str


class EquityPoint(TypedDict):
    """Money at the end of the bar that opened at ``time``."""

    time: str
    equity: str


class BacktestsApi:
    """Start, watch and cancel backtests, and read what they achieved."""

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def run(
        self,
        strategy: str,
        instrument_id: str,
        timeframe: str,
        *,
        dataset_id: str | None = None,
        connection_id: str | None = None,
        parameters: Mapping[str, bool | int | float | str] | None = None,
        initial_cash: Number = "10000",
        fees: Mapping[str, Number] | None = None,
        slippage: Number | None = None,
        spread: str | None = None,
        fill: str | None = None,
        limits: Mapping[str, str | int | bool] | None = None,
        funding: Sequence[tuple[str, Number]] = (),
        start: str | None = None,
        end: str | None = None,
        seed: int | None = None,
    ) -> BacktestRun:
        """Queue a run over a dataset or a connection's history; ``wait`` tells when it has ended."""
        data = {"dataset_id": dataset_id, "connection_id": connection_id}
        body: Json = {
            "strategy": strategy,
            "parameters": dict(parameters or {}),
            "instrument_id": instrument_id,
            "timeframe": timeframe,
            "start": start,
            "end": end,
            "data": {name: value for name, value in data.items() if value is not None},
            "initial_cash": plain_number(initial_cash),
            "fees": None if fees is None else {name: plain_number(value) for name, value in fees.items()},
            "slippage": None if slippage is None else plain_number(slippage),
            "spread": spread,
            "fill": fill,
            "funding": [{"time": time, "rate": plain_number(rate)} for time, rate in funding],
            "limits": None if limits is None else dict(limits),
            "seed": seed,
        }
        return cast("BacktestRun", await self._transport.command("POST", "/backtest/run", body))

    async def get(self, run_id: str) -> BacktestRun:
        """Return a run."""
        return cast("BacktestRun", await self._transport.get(f"/backtest/runs/{run_id}"))

    async def list(self, *, limit: int | None = None, cursor: str | None = None) -> BacktestRunPage:
        """Return runs, newest first."""
        return cast("BacktestRunPage", await self._transport.get("/backtest/runs", limit=limit, cursor=cursor))

    async def wait(self, run_id: str, *, timeout_s: float = 600) -> BacktestRun:
        """Return a run once it has ended, in whatever way; raises ``TimeoutError``."""
        async with asyncio.timeout(timeout_s):
            while (run := await self.get(run_id))["state"] in {"queued", "running"}:  # noqa: ASYNC110 - the API is asked
                await asyncio.sleep(POLL_S)
        return run

    async def cancel(self, run_id: str) -> BacktestRun:
        """End a run; it has no result then."""
        return cast("BacktestRun", await self._transport.command("DELETE", f"/backtest/runs/{run_id}"))

    async def trades(self, run_id: str) -> AsyncIterator[BacktestTrade]:
        """Yield a completed run's trades, oldest first."""
        async for item in self._items(run_id, "trades"):
            yield cast("BacktestTrade", item)

    async def equity(self, run_id: str) -> AsyncIterator[EquityPoint]:
        """Yield a completed run's equity at the end of each bar, oldest first."""
        async for item in self._items(run_id, "equity"):
            yield cast("EquityPoint", item)

    async def refusals(self, run_id: str) -> Sequence[BacktestRefusal]:
        """Return the refused orders of a completed run by code, the most frequent first."""
        answer = await self._transport.get(f"/backtest/runs/{run_id}/refusals")
        return cast("Sequence[BacktestRefusal]", answer["refusals"])

    async def report(self, run_id: str) -> str:
        """Return a completed run's report as HTML."""
        return await self._transport.get_text(f"/backtest/runs/{run_id}/report")

    async def _items(self, run_id: str, part: str) -> AsyncIterator[object]:
        cursor: str | None = None
        while True:
            page = await self._transport.get(f"/backtest/runs/{run_id}/{part}", limit=10_000, cursor=cursor)
            for item in page[part]:
                yield item
            cursor = page["next_cursor"]
            if cursor is None:
                return
