"""The instruments of one connection: looked up when first named, then kept. Brokers list thousands of symbols."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from edgerunner.adapters.mt5.listings import VENUE, Listing, listing_of
from edgerunner.adapters.mt5.options import AUTO_SUFFIX
from edgerunner.adapters.mt5.symbol_names import PROBE_GROUP, names_of, short_name, suffix_in
from edgerunner.adapters.mt5.terminal import Calls
from edgerunner.domain.errors import BrokerUnreachable, NotFound, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.mt5_surface.structs import SymbolInfo

_log = structlog.get_logger(__name__)

_SUGGESTED: Final = 5
_FIRST_TICK_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Pauses while a symbol that was just shown gets its first price from the broker."""

_NOT_IN_MASKS: Final = frozenset("!,*")


class Catalogue:
    """Knows symbols by our ids and by the broker's names; ``open`` before use."""

    def __init__(self, calls: Calls, *, suffix: str) -> None:
        self._calls = calls
        self._wanted_suffix = suffix
        self._suffix = ""
        self._currency = ""
        self._by_id: dict[str, Listing] = {}
        self._by_symbol: dict[str, Listing] = {}
        self._left_out: set[str] = set()
        self._selected: set[str] = set()
        self._lock = asyncio.Lock()

    async def open(self, account_currency: str) -> None:
        """Begin with a connection: find the suffix, describe anew what was known before."""
        self._currency = account_currency
        self._selected.clear()
        if self._wanted_suffix == AUTO_SUFFIX:
            self._suffix = suffix_in([info.name for info in await self._calls.symbols_get(PROBE_GROUP)])
        else:
            self._suffix = self._wanted_suffix
        for symbol in list(self._by_symbol):
            info = await self._calls.symbol_info(symbol)
            if info is not None:
                self._keep(self._by_symbol[symbol].instrument.instrument_id, info)

    def get(self, instrument_id: str) -> Listing:
        """Return what is in memory; raises ``NotFound``, also for what nobody asked the broker for yet."""
        listing = self._by_id.get(instrument_id)
        if listing is None:
            raise NotFound(f"{instrument_id} is not known here (yet): ask for it by its id first")
        return listing

    def known(self) -> list[Listing]:
        """Return what is in memory."""
        return list(self._by_id.values())

    def of_symbol(self, symbol: str) -> Listing | None:
        """Return what is known of a broker's name."""
        return self._by_symbol.get(symbol)

    async def load(self, instrument_id: str) -> Listing:
        """Return an instrument, asked for when it is not in memory; raises ``NotFound`` with similar names."""
        listing = self._by_id.get(instrument_id)
        if listing is not None:
            return listing
        for name in names_of(instrument_id, self._suffix):
            info = await self._calls.symbol_info(name)
            if info is not None:
                found = await self._learn(info)
                if found.instrument.instrument_id != instrument_id:
                    raise NotFound(f"{instrument_id} is called {found.instrument.instrument_id} here")
                return found
        raise NotFound(f"this broker has no {instrument_id}{await self._similar(instrument_id)}")

    async def learn(self, symbol: str) -> Listing | None:
        """Return the instrument of a broker's name; None for a kind that this version does not trade."""
        known = self._by_symbol.get(symbol)
        if known is not None or symbol in self._left_out:
            return known
        info = await self._calls.symbol_info(symbol)
        if info is None:
            raise BrokerUnreachable(f"the terminal does not describe {symbol}, of which the account has records")
        try:
            return await self._learn(info)
        except Unsupported as error:
            _log.warning("mt5_symbol_left_out", symbol=symbol, reason=error.detail)
            self._left_out.add(symbol)
            return None

    async def search(self, query: str) -> list[Instrument]:
        """Return instruments whose name contains ``query``; for an empty one what is in memory."""
        if not query:
            return [listing.instrument for listing in self.known()]
        if _NOT_IN_MASKS & set(query):
            return []
        masks = dict.fromkeys((query, query.upper(), query.lower()))
        found = await self._calls.symbols_get(",".join(f"*{mask}*" for mask in masks))
        listings = [await self.learn(info.name) for info in found]
        return [listing.instrument for listing in listings if listing is not None]

    async def select(self, listing: Listing) -> None:
        """Show a symbol in the Market Watch: outside of it there are no prices, and orders are refused.

        Its first price comes a moment later; one that does not come at all is the caller's to notice.
        """
        async with self._lock:
            if listing.symbol in self._selected:
                return
            await self._calls.symbol_select(listing.symbol)
            for pause_s in _FIRST_TICK_S:
                tick = await self._calls.tick(listing.symbol)
                if tick is not None and tick.time_msc:
                    break
                await asyncio.sleep(pause_s)
            self._selected.add(listing.symbol)

    async def _learn(self, info: SymbolInfo) -> Listing:
        short = short_name(info.name, self._suffix) if self._suffix else info.name
        if short != info.name and await self._calls.symbol_info(short) is not None:
            short = info.name  # the broker has both: each keeps its own name
        return self._keep(short + VENUE, info)

    def _keep(self, instrument_id: str, info: SymbolInfo) -> Listing:
        listing = listing_of(instrument_id, info, self._currency)
        self._by_id[instrument_id] = listing
        self._by_symbol[info.name] = listing
        return listing

    async def _similar(self, instrument_id: str) -> str:
        name = instrument_id.removesuffix(VENUE)
        if not name or _NOT_IN_MASKS & set(name):
            return ""
        found: Sequence[SymbolInfo] = await self._calls.symbols_get(f"*{name}*")
        names = [info.name + VENUE for info in found[:_SUGGESTED]]
        return f"; it has {', '.join(names)}" if names else ""
