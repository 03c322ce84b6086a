"""What subscriptions about accounts tell: the messages of this moment by what they are about."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final

from edgerunner.simulators.catalogue_ibkr import listing_of
from edgerunner.simulators.tws.account.values import TOTAL, Value, ledger, totals
from edgerunner.simulators.tws.account.watches import Told
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.wire import account as wire

LEDGER: Final = "$LEDGER"
_EVERY: Final = "ALL"
_WORTH: Final = "NetLiquidation"


class Composer:
    """Makes the functions that subscriptions ask again and again."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._portfolio = gateway.portfolio

    def updates(self, account_id: str) -> Callable[[], Told]:
        """Return values, portfolio and their time, for reqAccountUpdates."""
        seen: set[str] = set()

        def compose() -> Told:
            told: dict[Hashable, object] = {
                (each.tag, each.currency): wire.AccountValue(
                    tag=each.tag, value=each.text, currency=each.currency, account=account_id
                )
                for each in self._values(account_id)
            }
            told.update((symbol, self._portfolio.row(account_id, symbol)) for symbol in self._held(account_id, seen))
            told["time"] = wire.AccountUpdateTime(time=f"{self._gateway.local_time():%H:%M}")
            return told

        return compose

    def positions(self, accounts: Sequence[str]) -> Callable[[], Told]:
        """Return the positions of accounts, flat ones as soon as they have been told otherwise."""
        seen: dict[str, set[str]] = {account_id: set() for account_id in accounts}
        return lambda: {
            (account_id, symbol): self._portfolio.position(account_id, symbol)
            for account_id, known in seen.items()
            for symbol in self._held(account_id, known)
        }

    def positions_multi(self, request_id: int, account_id: str) -> Callable[[], Told]:
        """Return the positions of one account."""
        seen: set[str] = set()
        return lambda: {
            symbol: self._portfolio.position_multi(request_id, account_id, symbol)
            for symbol in self._held(account_id, seen)
        }

    def updates_multi(self, request_id: int, account_id: str, *, only_ledger: bool) -> Callable[[], Told]:
        """Return the values of one account: all, or its ledger and what it is worth."""

        def wanted() -> Iterable[Value]:
            if not only_ledger:
                return self._values(account_id)
            return (*self._ledger(account_id), *(each for each in self._totals(account_id) if each.tag == _WORTH))

        return lambda: {
            (each.tag, each.currency): wire.AccountUpdateMulti(
                request_id=request_id,
                account=account_id,
                model="",
                tag=each.tag,
                value=each.text,
                currency=each.currency,
            )
            for each in wanted()
        }

    def summary(self, request_id: int, accounts: Sequence[str], tags: str) -> Callable[[], Told]:
        """Return the asked tags of accounts in alphabetical order (recorded); a tag that does not exist is left out.

        ``$LEDGER`` = the sums of the ledger, ``$LEDGER:EUR`` = one currency, ``$LEDGER:ALL`` = sums and currencies.
        """
        wanted = {tag.strip() for tag in tags.split(",")}

        def rows(account_id: str) -> Iterator[Value]:
            named = [each for each in self._totals(account_id) if each.tag in wanted]
            yield from sorted(named, key=lambda each: each.tag)
            yield from (each for each in self._ledger(account_id) if _is_wanted(each, wanted))

        return lambda: {
            (account_id, each.tag, each.currency): wire.AccountSummaryRow(
                request_id=request_id, account=account_id, tag=each.tag, value=each.text, currency=each.currency
            )
            for account_id in accounts
            for each in rows(account_id)
        }

    def symbol_of(self, account_id: str, con_id: int) -> str | None:
        """Return what an account holds or has traded today with a contract id."""
        known = {*self._portfolio.symbols(account_id), *self._gateway.day.symbols(account_id)}
        return next((symbol for symbol in known if listing_of(symbol).con_id == con_id), None)

    def _held(self, account_id: str, seen: set[str]) -> list[str]:
        """Return what is held or was held when it was asked before."""
        seen.update(self._portfolio.symbols(account_id))
        return sorted(seen)

    def _values(self, account_id: str) -> list[Value]:
        return sorted(
            (*self._totals(account_id), *self._ledger(account_id)), key=lambda each: (each.tag, each.currency != TOTAL)
        )

    def _totals(self, account_id: str) -> Iterator[Value]:
        return totals(self._gateway.venue.value(account_id))

    def _ledger(self, account_id: str) -> Iterator[Value]:
        realized = self._gateway.day.realized_by_currency(account_id)
        return ledger(self._gateway.venue.value(account_id), realized)


def _is_wanted(row: Value, wanted: set[str]) -> bool:
    if f"{LEDGER}:{_EVERY}" in wanted or f"{LEDGER}:{row.currency}" in wanted:
        return True
    return LEDGER in wanted and row.currency == TOTAL
