"""order_send through the bridge: an order is sent once, however often its answer is lost."""

import json
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from edgerunner.mt5_bridge.remote.lease import LEASE_HEADER, Lease
from edgerunner.mt5_bridge.remote.link import BridgeLink, LinkError, Reply, left
from edgerunner.mt5_bridge.remote.refusals import BUSY, code_of
from edgerunner.mt5_surface import constants

ORDER_PATH: Final = "/v1/calls/order_send"
UNRESOLVED_S: Final = 600.0
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0
LEASE_LOSSES: Final = frozenset({"lease_required", "lease_lost"})
OUTCOME_UNKNOWN: Final = "outcome_unknown"
UNCERTAIN: Final = frozenset({OUTCOME_UNKNOWN, "broker_error", "internal_error"})


class OrderLine:
    """Sends requests under idempotency keys; safe to use from several threads.

    A request whose outcome stayed unknown keeps its key for ten minutes or until a definite answer: the same request
    sent again asks for the first one's outcome instead of sending a second order.
    """

    def __init__(self, link: BridgeLink, lease: Lease) -> None:
        self._link = link
        self._lease = lease
        self._lock = threading.Lock()
        self._unresolved: dict[str, tuple[str, float]] = {}

    def send(self, request: Mapping[str, Any], *, timeout_s: float) -> Reply:
        """Send a trade request and return the bridge's answer, whatever its status.

        A lost answer is asked for again under the same key until ``timeout_s`` has passed.

        Raises:
            LinkError: The bridge gave no answer; ``was_sent`` tells whether it may have got the request.
        """
        fingerprint = json.dumps(request, sort_keys=True)
        key, is_repeat = self._key_of(fingerprint)
        try:
            reply = self._asked(request, key, time.monotonic() + timeout_s, was_sent=is_repeat)
        except LinkError as error:
            if error.was_sent:
                self._remember(fingerprint, key)
            raise
        if _is_uncertain(reply):
            self._remember(fingerprint, key)
        elif reply.status == 200:
            self._forget(fingerprint)
        return reply

    def _asked(self, request: Mapping[str, Any], key: str, deadline: float, *, was_sent: bool) -> Reply:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                reply = self._once(request, key, deadline, was_sent=was_sent)
                if not _is_worth_asking_again(reply) or time.monotonic() + pause_s >= deadline:
                    return reply
            except LinkError as error:
                was_sent = was_sent or error.was_sent
                if not was_sent or time.monotonic() + pause_s >= deadline:
                    error.was_sent = was_sent
                    raise
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _once(self, request: Mapping[str, Any], key: str, deadline: float, *, was_sent: bool) -> Reply:
        lease = self._control(deadline)
        if isinstance(lease, Reply) and not was_sent:
            return lease
        reply = self._post(request, key, lease, deadline)
        if code_of(reply) not in LEASE_LOSSES or isinstance(lease, Reply):
            return reply
        # Whoever lost the lease by being late may have it again if nobody else took it.
        self._lease.forget(lease)
        again = self._control(deadline)
        return again if isinstance(again, Reply) else self._post(request, key, again, deadline)

    def _control(self, deadline: float) -> str | Reply:
        try:
            return self._lease.hold(timeout_s=left(deadline))
        except LinkError as error:
            error.was_sent = False  # what counts here is the order, and that has not gone out
            raise

    def _post(self, request: Mapping[str, Any], key: str, lease: str | Reply, deadline: float) -> Reply:
        """Post the order; without a lease the bridge tells what became of an earlier try and sends nothing."""
        headers = {"Idempotency-Key": key} | ({LEASE_HEADER: lease} if isinstance(lease, str) else {})
        return self._link.send("POST", ORDER_PATH, {"request": request}, timeout_s=left(deadline), headers=headers)

    def _key_of(self, fingerprint: str) -> tuple[str, bool]:
        with self._lock:
            oldest = time.monotonic() - UNRESOLVED_S
            self._unresolved = {name: kept for name, kept in self._unresolved.items() if kept[1] > oldest}
            kept = self._unresolved.get(fingerprint)
        return (secrets.token_hex(16), False) if kept is None else (kept[0], True)

    def _remember(self, fingerprint: str, key: str) -> None:
        with self._lock:
            self._unresolved.setdefault(fingerprint, (key, time.monotonic()))

    def _forget(self, fingerprint: str) -> None:
        with self._lock:
            self._unresolved.pop(fingerprint, None)


def _is_worth_asking_again(reply: Reply) -> bool:
    code = code_of(reply)
    if code == OUTCOME_UNKNOWN:
        match reply.body:
            case {"order": {"state": "sending"}}:
                return True
            case _:
                return False
    return code in BUSY or _is_of_a_proxy(reply)


def _is_uncertain(reply: Reply) -> bool:
    """Tell whether the order may have been executed although no result says so."""
    if reply.status != 200:
        return code_of(reply) in UNCERTAIN or _is_of_a_proxy(reply)
    match reply.body:
        case {"result": dict()}:
            return False
        case {"result": None, "last_error": [int(code), *_]}:
            return code <= constants.RES_E_INTERNAL_FAIL
        case _:  # none of the bridge's answers: the key is kept
            return True


def _is_of_a_proxy(reply: Reply) -> bool:
    """Tell whether something between us and the bridge has answered, so that the bridge's own answer was lost."""
    return reply.status >= 500 and not code_of(reply)
