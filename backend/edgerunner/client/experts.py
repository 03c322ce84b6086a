"""Expert Advisors of MetaTrader 5 through the API."""

from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

from edgerunner.client.expert_types import Expert, ExpertRun, Terminal
from edgerunner.client.transport import ApiTransport

_STOP_TIMEOUT_S = 30
_START_S = 30
"""What a launch takes besides waiting for the hello."""


class ExpertsApi:
    """Launch, message, stop and test Expert Advisors."""

    def __init__(self, transport: ApiTransport) -> None:
        self._transport = transport

    async def terminals(self) -> list[Terminal]:
        """Return the terminals of the settings."""
        return cast("list[Terminal]", (await self._transport.get("/experts/terminals"))["terminals"])

    async def all(self) -> list[Expert]:
        """Return every launch, newest first, then the EAs attached by hand."""
        return cast("list[Expert]", (await self._transport.get("/experts"))["experts"])

    async def get(self, expert_id: str) -> Expert:
        """Return one launch."""
        found = await self._transport.get("/experts", expert_id=expert_id)
        return cast("Expert", found["experts"][0])

    async def launch(self, request: Mapping[str, object], *, hello_timeout_s: int = 60) -> Expert:
        """Start a terminal with an EA; ``request`` is the body of `POST /experts/launch`."""
        body = {**request, "hello_timeout_s": hello_timeout_s}
        answer = await self._transport.command("POST", "/experts/launch", body, timeout_s=hello_timeout_s + _START_S)
        return cast("Expert", answer)

    async def message(
        self, expert_id: str, name: str, args: Mapping[str, object] | None = None, *, timeout_s: int = 10
    ) -> dict[str, object]:
        """Send a command to an EA and return its result."""
        body = {"name": name, "args": dict(args or {}), "timeout_s": timeout_s}
        answer = await self._transport.command(
            "POST", f"{_path(expert_id)}/message", body, timeout_s=timeout_s + _START_S
        )
        return cast("dict[str, object]", answer["result"])

    async def stop(self, expert_id: str) -> Expert:
        """End an EA with its terminal."""
        answer = await self._transport.command("POST", f"{_path(expert_id)}/stop", timeout_s=_STOP_TIMEOUT_S)
        return cast("Expert", answer)

    async def backtest(self, request: Mapping[str, object]) -> ExpertRun:
        """Start a run of the Strategy Tester; ``request`` is the body of `POST /experts/backtest`."""
        return cast("ExpertRun", await self._transport.command("POST", "/experts/backtest", request))

    async def run(self, run_id: str) -> ExpertRun:
        """Return a run of the Strategy Tester."""
        return cast("ExpertRun", await self._transport.get(f"/experts/backtests/{quote(run_id, safe='')}"))

    async def cancel_run(self, run_id: str) -> ExpertRun:
        """End a run of the Strategy Tester with its terminal."""
        path = f"/experts/backtests/{quote(run_id, safe='')}"
        return cast("ExpertRun", await self._transport.command("DELETE", path, timeout_s=_STOP_TIMEOUT_S))


def _path(expert_id: str) -> str:
    return f"/experts/{quote(expert_id, safe='')}"
