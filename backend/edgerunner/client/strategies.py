"""Strategies through the API."""

from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import quote

from edgerunner.client.strategy_types import Strategy, StrategyClasses, StrategyLog
from edgerunner.client.transport import ApiTransport

_STOP_TIMEOUT_S = 30


class StrategiesApi:
    """Make, start, pause, stop and watch strategies."""

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def classes(self) -> StrategyClasses:
        """Return the classes that can be started, and the user's files that cannot be used."""
        return cast("StrategyClasses", await self._transport.get("/strategies/classes"))

    async def create(
        self,
        class_name: str,
        connection_id: str,
        instrument_ids: Sequence[str],
        timeframe: str,
        *,
        parameters: Mapping[str, object] | None = None,
        strategy_id: str | None = None,
        account_id: str | None = None,
        on_stop: str | None = None,
    ) -> Strategy:
        """Make an instance; it does not run until it is started. None = the API's default."""
        body = {
            "strategy_id": strategy_id,
            "class": class_name,
            "parameters": dict(parameters) if parameters is not None else None,
            "connection_id": connection_id,
            "account_id": account_id,
            "instrument_ids": list(instrument_ids),
            "timeframe": timeframe,
            "on_stop": on_stop,
        }
        return cast("Strategy", await self._transport.command("POST", "/strategies", body))

    async def all(self) -> list[Strategy]:
        """Return all strategies, oldest first."""
        return cast("list[Strategy]", (await self._transport.get("/strategies"))["strategies"])

    async def get(self, strategy_id: str) -> Strategy:
        """Return one strategy; ``ApiError`` with status 404 when the API does not know it."""
        return cast("Strategy", await self._transport.get(_path(strategy_id)))

    async def start(self, strategy_id: str) -> Strategy:
        """Run a strategy, or let a paused one trade again."""
        return await self._command(strategy_id, "start")

    async def pause(self, strategy_id: str) -> Strategy:
        """Take no new orders from a running strategy."""
        return await self._command(strategy_id, "pause")

    async def stop(self, strategy_id: str) -> Strategy:
        """Stop a strategy; its open orders follow its ``on_stop``, its position stays."""
        return await self._command(strategy_id, "stop")

    async def log(self, strategy_id: str, *, limit: int | None = None, cursor: str | None = None) -> StrategyLog:
        """Return a page of a strategy's log, newest first."""
        page = await self._transport.get(f"{_path(strategy_id)}/log", limit=limit, cursor=cursor)
        return cast("StrategyLog", page)

    async def _command(self, strategy_id: str, command: str) -> Strategy:
        answer = await self._transport.command("POST", f"{_path(strategy_id)}/{command}", timeout_s=_STOP_TIMEOUT_S)
        return cast("Strategy", answer)


def _path(strategy_id: str) -> str:
    return f"/strategies/{quote(strategy_id, safe='')}"
