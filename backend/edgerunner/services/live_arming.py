"""Real money needs two keys: the installation's switch, and an arming per account that expires by itself."""

from dataclasses import dataclass

from edgerunner.domain.accounts import Account
from edgerunner.domain.errors import InvalidRequest, LiveNotAllowed
from edgerunner.services.alert_service import AlertLevel, AlertService
from edgerunner.services.clock import Clock

MINUTE_NS = 60_000_000_000
LONGEST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Arming:
    """One armed account; ``until_ns`` is UTC."""

    connection_id: str
    account_id: str
    until_ns: int


class LiveArming:
    """Which live accounts may trade now. Kept in memory only: every start begins disarmed."""

    def __init__(self, *, alerts: AlertService, clock: Clock) -> None:
        self._alerts = alerts
        self._clock = clock
        self._armed: dict[tuple[str, str], tuple[int, int]] = {}

    def arm(self, connection_id: str, account: Account, *, confirm: str, minutes: int, actor: str) -> Arming:
        """Let a live account trade for some minutes; ``confirm`` must repeat the account's id.

        Raises ``InvalidRequest`` for an account that is not live, or another text.
        """
        if not account.is_live:
            text = f"{account.account_id} is no live account; it needs no arming"
            raise InvalidRequest.of("account_id", "not_live", text)
        if confirm != account.account_id:
            raise InvalidRequest.of("confirm", "mismatch", f"type the account's id, {account.account_id}")
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise InvalidRequest.of("minutes", "out_of_range", f"must be 1 to {LONGEST_MINUTES}")
        length_ns = minutes * MINUTE_NS
        until_ns = self._clock.now_ns() + length_ns
        self._armed[connection_id, account.account_id] = (until_ns, self._clock.monotonic_ns() + length_ns)
        text = f"{connection_id} {account.account_id} may trade real money for {minutes} min ({actor})."
        self._alerts.raise_alert(AlertLevel.WARNING, "live_armed", text, connection_id)
        return Arming(connection_id=connection_id, account_id=account.account_id, until_ns=until_ns)

    def disarm(self, connection_id: str, account_id: str, *, actor: str) -> None:
        """End an arming at once; one that is not armed is no error."""
        if self._armed.pop((connection_id, account_id), None) is not None:
            text = f"{connection_id} {account_id} may not trade any more ({actor})."
            self._alerts.raise_alert(AlertLevel.INFO, "live_disarmed", text, connection_id)

    def armings(self) -> list[Arming]:
        """Return the accounts that are armed now."""
        return [
            Arming(connection_id=key[0], account_id=key[1], until_ns=until_ns)
            for key, (until_ns, end_ns) in self._armed.items()
            if self._clock.monotonic_ns() < end_ns
        ]

    def require(self, connection_id: str, account: Account) -> None:
        """Raise ``LiveNotAllowed`` for a live account that is not armed, or no longer."""
        if not account.is_live:
            return
        known = self._armed.get((connection_id, account.account_id))
        if known is None or self._clock.monotonic_ns() >= known[1]:
            raise LiveNotAllowed(
                f"{account.account_id} is a live account and not armed; POST /risk/arm arms it for a while"
            )
