"""Who may send a strategy's signals: secrets, signatures, and how often an address may ask."""

import hashlib
import hmac
import secrets
from collections.abc import Callable

from edgerunner.domain.errors import RateLimited, Unauthorized
from edgerunner.services.clock import Clock
from edgerunner.services.rate_limit import RateLimit
from edgerunner.services.webhook_signature import SECRET_BYTES, WebhookHeaders, is_signed, secret_of
from edgerunner.storage.signals import SignalSecrets, SignalSecretStore

REFUSAL = "No strategy takes this signal: check the strategy's id in the address and the secret."
"""The same whether the strategy, its secret or the message's signature is wrong."""

ADDRESS_BURST, ADDRESS_PER_S = 100, 20.0
FAILURE_BURST, FAILURES_PER_S = 20, 0.2


class SignalGate:
    """Knows each strategy's secrets; they are in memory, so every answer takes the same time."""

    def __init__(self, *, store: SignalSecretStore, clock: Clock, never_log: Callable[[str], None]) -> None:
        """``never_log`` is told every secret."""
        self._store = store
        self._never_log = never_log
        self._clock = clock
        self._secrets: dict[str, SignalSecrets] = {}
        self._nobodys = SignalSecrets(current=_new_secret())
        self._requests = RateLimit(burst=ADDRESS_BURST, per_second=ADDRESS_PER_S)
        self._failures = RateLimit(burst=FAILURE_BURST, per_second=FAILURES_PER_S)

    async def start(self) -> None:
        """Load the secrets."""
        self._secrets = await self._store.all()
        for known in self._secrets.values():
            self._keep_from_logs(known)

    def admit(self, address: str) -> None:
        """Count a request of an address; raises ``RateLimited``."""
        _require_free(self._requests.take(address, self._clock.monotonic_ns()))

    def require(
        self, strategy_id: str, *, secret: str | None, headers: WebhookHeaders | None, body: bytes, address: str
    ) -> None:
        """Pass a message that carries the strategy's secret or a signature made with it.

        Raises ``Unauthorized``, in the same words and after the same work for a strategy that does
        not exist; after too many of them ``RateLimited``. A right secret is never locked out by
        other people's wrong ones from the same address (a reverse proxy's, say).
        """
        now_ns = self._clock.now_ns()
        known = self._secrets.get(strategy_id)
        valid = (known or self._nobodys).valid_at(now_ns)
        proofs = [_is_same(secret or "", one) for one in valid]
        if headers is not None:
            proofs.append(is_signed(headers, body, valid, now_ns=now_ns))
        if any(proofs) and known is not None:
            return
        _require_free(self._failures.take(address, self._clock.monotonic_ns()))
        raise Unauthorized(REFUSAL)

    def has_secret(self, strategy_id: str) -> bool:
        """Tell whether a strategy's signals can be proven at all."""
        return strategy_id in self._secrets

    async def renew(self, strategy_id: str, *, keep_old_s: int = 0) -> str:
        """Give a strategy a new secret and return it, which nothing does again.

        The one before stays good for ``keep_old_s`` seconds, so that alerts can be changed over.
        """
        now_ns = self._clock.now_ns()
        known = self._secrets.get(strategy_id)
        renewed = SignalSecrets(
            current=_new_secret(),
            previous=known.current if known is not None and keep_old_s else None,
            previous_until_ns=now_ns + keep_old_s * 1_000_000_000 if known is not None and keep_old_s else 0,
        )
        self._keep_from_logs(renewed)
        await self._store.save(strategy_id, renewed, now_ns)
        self._secrets[strategy_id] = renewed
        return renewed.current

    async def forget(self, strategy_id: str) -> None:
        """Take a strategy's secrets away; an unknown strategy is no error."""
        self._secrets.pop(strategy_id, None)
        await self._store.delete(strategy_id)

    def _keep_from_logs(self, known: SignalSecrets) -> None:
        for secret in (known.current, known.previous):
            if secret is not None:
                self._never_log(secret)


def _new_secret() -> str:
    return secret_of(secrets.token_bytes(SECRET_BYTES))


def _is_same(given: str, known: str) -> bool:
    """Compare hashes, so that neither the length nor the place of a difference shows in the time."""
    return hmac.compare_digest(hashlib.sha256(given.encode()).digest(), hashlib.sha256(known.encode()).digest())


def _require_free(wait_s: float) -> None:
    if wait_s:
        raise RateLimited(
            f"too many signals from this address; the next one is free in {wait_s:.1f} s", retry_after_s=wait_s
        )
