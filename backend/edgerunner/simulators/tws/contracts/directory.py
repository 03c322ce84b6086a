"""Finds listed contracts by what a client says about them."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from edgerunner.simulators.tws.contracts import dated, standing
from edgerunner.simulators.tws.contracts.listing import Listing, MarketRule
from edgerunner.simulators.tws.wire.values import Contract

MOST_SAMPLES: Final = 16
_RIGHTS: Final = {"C": "C", "CALL": "C", "P": "P", "PUT": "P", "": "", "0": "", "?": ""}


class NoContract(Exception):
    """No listed contract, or more than one, is what a client describes; the text is what TWS says then (code 200)."""


class _Shelves:
    """Listings sorted by what descriptions mostly name: every order looks its contract up."""

    def __init__(self, listings: Iterable[Listing]) -> None:
        self._all = tuple(listings)
        self._by_id = {each.con_id: (each,) for each in self._all}
        self._by_symbol: dict[str, list[Listing]] = {}
        for each in self._all:
            self._by_symbol.setdefault(each.symbol, []).append(each)

    def near(self, asked: Contract) -> Iterable[Listing]:
        """Return the listings among which all that fit are found."""
        if asked.con_id:
            return self._by_id.get(asked.con_id, ())
        return self._by_symbol.get(asked.symbol.upper(), ()) if asked.symbol else self._all


class Directory:
    """Everything that trades at the time of a clock (which has a zone)."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._listed = lru_cache(maxsize=2)(_listed)
        self._shelves = lru_cache(maxsize=2)(lambda today: _Shelves(self._listed(today)))
        self._expired = lru_cache(maxsize=2)(_expired)

    def find(
        self, asked: Contract, *, security_id: tuple[str, str] = ("", ""), includes_expired: bool = False
    ) -> list[Listing]:
        """Return every contract that fits; ``security_id`` is a kind (``ISIN``) and a value."""
        today = self._today()
        listings = (*self._shelves(today).near(asked), *(self._expired(today) if includes_expired else ()))
        return [each for each in listings if _fits(each, asked) and _has_id(each, *security_id)]

    def resolve(self, asked: Contract, *, includes_expired: bool = False) -> Listing:
        """Return the one contract that fits; raises ``NoContract``."""
        found = self.find(asked, includes_expired=includes_expired)
        match found:
            case [listing]:
                return listing
            case []:
                raise NoContract("No security definition has been found for the request")
            case _:
                raise NoContract(f"The contract description specified for {found[0].symbol} is ambiguous.")

    def search(self, pattern: str) -> list[tuple[Listing, tuple[str, ...]]]:
        """Return stocks and currency pairs whose symbol or name begins with a text, with their derivatives.

        The text is compared without case; a symbol that is just the text comes first; at most 16 are returned.
        """
        wanted = pattern.strip().casefold()
        if not wanted:
            return []
        listings = self._listed(self._today())
        derivatives: dict[int, list[str]] = {}
        for each in listings:
            if each.underlying is not None and each.sec_type not in derivatives.setdefault(each.underlying.con_id, []):
                derivatives[each.underlying.con_id].append(each.sec_type)
        hits = [each for each in standing.STANDING if _begins(each, wanted)]
        hits.sort(key=lambda each: each.symbol.casefold() != wanted)
        return [(each, tuple(derivatives.get(each.con_id, ()))) for each in hits[:MOST_SAMPLES]]

    def rule(self, rule_id: int) -> MarketRule | None:
        """Return a market rule that a listed contract has."""
        rules = {each.rule.rule_id: each.rule for each in self._listed(self._today())}
        return rules.get(rule_id)

    def option_chain(self, con_id: int, symbol: str, sec_type: str) -> list[date] | None:
        """Return the expirations of an underlying's options, empty when it has none; None when it does not exist."""
        underlying = next((each for each in standing.STANDING if each.con_id == con_id), None)
        if underlying is None or (underlying.symbol, underlying.sec_type) != (symbol, sec_type):
            return None
        return dated.option_expiries(self._today()) if underlying is standing.SPY else []

    def _today(self) -> date:
        return self.now().date()


def _listed(today: date) -> tuple[Listing, ...]:
    return (*standing.STANDING, *dated.listed_futures(today), *dated.listed_options(today))


def _expired(today: date) -> tuple[Listing, ...]:
    return tuple(dated.expired_futures(today))


def _fits(listing: Listing, asked: Contract) -> bool:
    if asked.con_id:
        return listing.con_id == asked.con_id and _trades_on(listing, asked.exchange)
    texts = (
        (asked.currency, listing.currency),
        (asked.multiplier, listing.multiplier),
        (asked.local_symbol, listing.local_symbol),
        (asked.trading_class, listing.trading_class),
        (asked.primary_exchange, listing.primary_exchange),
        (_RIGHTS.get(asked.right.upper(), asked.right), listing.right),
    )
    return (
        listing.sec_type == asked.sec_type
        and _is_named(listing, asked)
        and _trades_on(listing, asked.exchange)
        and _expires(listing, asked.expiry)
        and _strikes(listing, asked.strike)
        and all(wanted in {"", known} for wanted, known in texts)
    )


def _is_named(listing: Listing, asked: Contract) -> bool:
    if not asked.symbol:
        return bool(asked.local_symbol)
    return asked.symbol.upper() == listing.symbol


def _trades_on(listing: Listing, exchange: str) -> bool:
    return not exchange or exchange in listing.exchanges


def _expires(listing: Listing, wanted: str) -> bool:
    return not wanted or (len(wanted) in {6, 8} and listing.expiry.startswith(wanted))


def _strikes(listing: Listing, wanted: Decimal | None) -> bool:
    return not wanted or listing.strike == wanted


def _has_id(listing: Listing, kind: str, value: str) -> bool:
    return not value or any((each.tag, each.value) == (kind, value) for each in listing.security_ids)


def _begins(listing: Listing, wanted: str) -> bool:
    words: Iterable[str] = (listing.symbol, *listing.long_name.split())
    return any(word.casefold().startswith(wanted) for word in words) or listing.long_name.casefold().startswith(wanted)
