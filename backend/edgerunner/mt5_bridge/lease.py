"""Who controls the terminal: one trading program at a time."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from edgerunner.mt5_bridge.problems import Code, Problem
from edgerunner.mt5_bridge.wire import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Control until ``ends_at`` (monotonic seconds), unless it is extended."""

    lease_id: str
    client: str
    token_name: str
    ttl_s: int
    ends_at: float


class LeaseDesk:
    """Gives control to one program, for as long as it says it is alive.

    A lease that ran out is free for anybody. Before that only a program with the holder's own token may take it over,
    and only when it says so. Safe in several threads: the terminal's thread asks too, right before an order.
    """

    def __init__(self, monotonic: Callable[[], float], wall: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._lock = threading.Lock()
        self._lease: Lease | None = None

    @property
    def current(self) -> Lease | None:
        """The lease that is valid now."""
        lease = self._lease
        return lease if lease is not None and lease.ends_at > self._monotonic() else None

    def ends_at_text(self, lease: Lease) -> str:
        """Return the end of a lease as RFC 3339."""
        return timestamp(self._wall() + lease.ends_at - self._monotonic())

    def acquire(self, *, client: str, token_name: str, ttl_s: int, take_over: bool) -> Lease:
        """Return a new lease. Raises ``Problem`` (``conflict``) while another program holds one."""
        with self._lock:
            holder = self.current
            if holder is not None and not (take_over and holder.token_name == token_name):
                raise Problem(
                    Code.CONFLICT,
                    f"{holder.client!r} controls this terminal until {self.ends_at_text(holder)}; one program at a "
                    "time may. Stop it, or wait; a program with the same token may take over with take_over.",
                )
            ends_at = self._monotonic() + ttl_s
            lease_id = secrets.token_urlsafe(24)
            self._lease = Lease(lease_id=lease_id, client=client, token_name=token_name, ttl_s=ttl_s, ends_at=ends_at)
            return self._lease

    def extend(self, lease_id: str | None, *, token_name: str) -> Lease:
        """Return the lease with a new end; one that ran out lives again if nobody took it.

        Raises ``Problem``: ``lease_required``, ``lease_lost``.
        """
        with self._lock:
            lease = self._held(lease_id, token_name=token_name)
            self._lease = replace(lease, ends_at=self._monotonic() + lease.ttl_s)
            return self._lease

    def release(self, lease_id: str | None, *, token_name: str) -> None:
        """Give control back. Raises ``Problem`` as ``extend`` does."""
        with self._lock:
            self._held(lease_id, token_name=token_name)
            self._lease = None

    def _held(self, lease_id: str | None, *, token_name: str) -> Lease:
        if not lease_id:
            raise Problem(Code.LEASE_REQUIRED, "this needs the lease: POST /v1/lease, then the header Bridge-Lease")
        lease = self._lease
        is_same = lease is not None and secrets.compare_digest(lease.lease_id.encode(), lease_id.encode())
        if lease is None or not is_same or lease.token_name != token_name:
            raise Problem(Code.LEASE_LOST, "this lease is no longer valid: it was taken over or returned")
        return lease
