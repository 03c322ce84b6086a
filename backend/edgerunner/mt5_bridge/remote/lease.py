"""The control of the terminal: taken before the first order, kept alive by a thread, given back at the end."""

import atexit
import os
import secrets
import threading
import time
from typing import Final

from edgerunner.mt5_bridge.remote.link import BridgeLink, LinkError, LinkLostError, Reply, left
from edgerunner.mt5_bridge.remote.options import BridgeOptions

TTL_S: Final = 15
HEARTBEAT_S: Final = TTL_S / 3
HEARTBEAT_TIMEOUT_S: Final = 4.0

LEASE_PATH: Final = "/v1/lease"
STATUS_PATH: Final = "/v1/status"
ACCOUNT_PATH: Final = "/v1/calls/account_info"
LEASE_HEADER: Final = "Bridge-Lease"


class Lease:
    """At most one lease of the bridge; safe to use from several threads.

    A lease that somebody else has taken is not fought for: the heartbeat ends, and the next order asks again. While it
    is held nobody else can change the terminal's account, so that one look when it is taken is enough.
    """

    def __init__(self, link: BridgeLink, options: BridgeOptions) -> None:
        self._process = os.getpid()
        self._link = link
        self._name = f"{options.client}-{secrets.token_hex(4)}"
        self._may_take_over = options.take_over
        self._is_answer_lost = False
        self._lock = threading.Lock()
        self._id: str | None = None
        self._ended = threading.Event()
        self._login: int | None = None

    def expect(self, login: int | None) -> None:
        """Say which account the control is wanted over; None = whichever the terminal is logged in to."""
        self._login = login

    def hold(self, *, timeout_s: float) -> str | Reply:
        """Return the id of a lease that is ours over the expected account, or a refusal: the bridge's, or our own.

        Raises:
            LinkError: The bridge gave no answer.
        """
        with self._lock:
            if self._id is not None:
                return self._id
            deadline = time.monotonic() + timeout_s
            reply = self._wished(deadline)
            if reply.status != 201:
                return reply
            lease_id = _lease_id(reply)
            try:
                refusal = self._other_account(deadline)
            except LinkError:
                self._is_answer_lost = True  # the bridge counts us as the holder: the next time we know
                raise
            if refusal is not None:
                self._give_back(lease_id)
                return refusal
            self._id = lease_id
            self._begin_heartbeat(lease_id)
            return lease_id

    def forget(self, lease_id: str) -> None:
        """Believe no longer in a lease that the bridge says is not ours."""
        with self._lock:
            if self._id == lease_id:
                self._id = None
                self._ended.set()

    def release(self) -> None:
        """Give the control back; a bridge that cannot be told lets it run out."""
        if os.getpid() != self._process:
            return  # a forked child ends: the control stays its parent's
        with self._lock:
            lease_id, self._id = self._id, None
            self._ended.set()
        atexit.unregister(self.release)
        if lease_id is not None:
            self._give_back(lease_id)

    def _give_back(self, lease_id: str) -> None:
        try:
            self._link.ask("DELETE", LEASE_PATH, timeout_s=HEARTBEAT_TIMEOUT_S, headers={LEASE_HEADER: lease_id})
        except LinkError:
            return

    def _other_account(self, deadline: float) -> Reply | None:
        """Return a refusal when somebody has logged the terminal in to another account since this program looked."""
        if self._login is None:
            return None
        reply = self._link.ask("POST", ACCOUNT_PATH, {}, timeout_s=left(deadline))
        account = reply.body.get("result") if isinstance(reply.body, dict) else None
        if not isinstance(account, dict) or account.get("login") == self._login:
            return None  # without an answer the bridge itself refuses the order
        detail = f"the terminal is logged in to {account.get('login')} now, not to {self._login}: log in again"
        return Reply(status=409, body={"code": "account_mismatch", "detail": detail})

    def _wished(self, deadline: float) -> Reply:
        try:
            reply = self._asked(deadline, take_over=self._may_take_over)
        except LinkLostError as lost:
            if not lost.was_sent:
                raise
            reply = self._asked(deadline, take_over=self._may_take_over)
        if reply.status == 409 and self._is_answer_lost and self._is_holder(deadline):
            reply = self._asked(deadline, take_over=True)
        self._is_answer_lost = False
        return reply

    def _asked(self, deadline: float, *, take_over: bool) -> Reply:
        wish = {"client": self._name, "ttl_s": TTL_S, "take_over": take_over}
        try:
            return self._link.send("POST", LEASE_PATH, wish, timeout_s=left(deadline))
        except LinkError as error:
            self._is_answer_lost = self._is_answer_lost or error.was_sent
            raise

    def _is_holder(self, deadline: float) -> bool:
        """Tell whether the lease is ours by an earlier request whose answer was lost."""
        status = self._link.ask("GET", STATUS_PATH, timeout_s=left(deadline))
        lease = status.body.get("lease") if isinstance(status.body, dict) else None
        return isinstance(lease, dict) and lease.get("client") == self._name

    def _begin_heartbeat(self, lease_id: str) -> None:
        self._ended = threading.Event()
        atexit.register(self.release)
        threading.Thread(
            target=self._keep_alive, args=(lease_id, self._ended), name="mt5-bridge-lease", daemon=True
        ).start()

    def _keep_alive(self, lease_id: str, ended: threading.Event) -> None:
        while not ended.wait(HEARTBEAT_S):
            try:
                reply = self._link.ask(
                    "PUT", LEASE_PATH, timeout_s=HEARTBEAT_TIMEOUT_S, headers={LEASE_HEADER: lease_id}
                )
            except LinkError:
                # A silent bridge may answer the next time; if not, the lease runs out and orders are refused.
                continue
            if reply.status != 200:
                self.forget(lease_id)


def _lease_id(reply: Reply) -> str:
    match reply.body:
        case {"lease_id": str(lease_id)}:
            return lease_id
        case _:
            raise LinkLostError("the bridge gives control without saying which", was_sent=True)
