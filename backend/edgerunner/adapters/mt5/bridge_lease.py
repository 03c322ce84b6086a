"""The bridge's lease: only its holder may send orders. Taken at the connect, kept by a heartbeat."""

import asyncio
from contextlib import suppress
from typing import Any, Final

import structlog

from edgerunner.adapters.mt5.bridge_answers import problem_of, query_error
from edgerunner.adapters.mt5.bridge_http import BridgeHttp
from edgerunner.domain.errors import BrokerError, BrokerUnreachable, Conflict

_log = structlog.get_logger(__name__)

TTL_S: Final = 15.0
_BEATS: Final = 3


class ReadOnly(Exception):
    """The token may not trade; ``str`` is the bridge's reason."""


class Lease:
    """Holds the lease while it can; ``stop`` gives it back."""

    def __init__(self, http: BridgeHttp, *, take_over: bool, timeout_s: float) -> None:
        self._http = http
        self._take_over = take_over
        self._timeout_s = timeout_s
        self._lease_id: str | None = None
        self._lock = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None

    async def verify(self) -> None:
        """Make sure after a break that the lease is ours: a bridge that was restarted knows none.

        Raises what ``held`` does.
        """
        if self._lease_id is not None:
            await self._extend(self._lease_id)
        await self.held(take_over=self._take_over)

    async def held(self, *, take_over: bool = False) -> str:
        """Return the lease, taken now if need be.

        ``take_over``: also from an earlier program with the same token. Raises ``Conflict`` (another program has it),
        ``ReadOnly``, or a ``BrokerError``.
        """
        async with self._lock:
            if self._lease_id is None:
                self._lease_id = await self._take(take_over=take_over)
                _log.info("bridge_lease_taken")
            if self._keeper is None:
                self._keeper = asyncio.create_task(self._keep(), name="mt5-lease")
            return self._lease_id

    def lost(self) -> None:
        """Note that the bridge has given the lease away: the next order takes it anew, if it is free."""
        self._lease_id = None

    async def stop(self) -> None:
        """Give the lease back. Idempotent."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        lease_id, self._lease_id = self._lease_id, None
        if lease_id is not None:
            with suppress(BrokerError):
                await self._http.exchange("DELETE", "/v1/lease", headers=_header(lease_id), timeout_s=self._timeout_s)

    async def _take(self, *, take_over: bool) -> str:
        wish = {"client": self._http.address.client, "ttl_s": int(TTL_S), "take_over": take_over}
        status, told = await self._http.exchange("POST", "/v1/lease", wish, timeout_s=self._timeout_s)
        if status == 201 and isinstance(told, dict) and isinstance(told.get("lease_id"), str):
            return str(told["lease_id"])
        raise _refusal(status, told)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(TTL_S / _BEATS)
            lease_id = self._lease_id
            if lease_id is None:
                continue
            try:
                await self._extend(lease_id)
            except BrokerError as error:
                _log.warning("bridge_lease_not_extended", reason=error.detail)

    async def _extend(self, lease_id: str) -> None:
        """Beat; a lease that is not ours any more is forgotten."""
        status, told = await self._http.exchange(
            "PUT", "/v1/lease", headers=_header(lease_id), timeout_s=self._timeout_s
        )
        if status != 200 and self._lease_id == lease_id:
            _log.warning("bridge_lease_lost", reason=problem_of(status, told).detail)
            self.lost()


def _refusal(status: int, told: Any) -> Exception:
    problem = problem_of(status, told)
    if problem.code == "conflict":
        return Conflict(f"the bridge is used by another program: {problem.detail}")
    if problem.code == "forbidden":
        return ReadOnly(problem.detail)
    error = query_error(problem)
    return error if isinstance(error, BrokerError) else BrokerUnreachable(error.detail)


def _header(lease_id: str) -> dict[str, str]:
    return {"Bridge-Lease": lease_id}
