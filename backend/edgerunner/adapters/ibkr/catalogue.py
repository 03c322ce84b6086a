"""The instruments that this connection knows: asked for by id or contract, kept, answered from memory.

Interactive Brokers lists millions of contracts, so none is loaded ahead: an id or a contract is qualified when somebody
asks for it first. Nothing that TWS does not know is remembered as unknown, for at night it knows nothing.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from ib_async.contract import Contract, ContractDescription, ContractDetails
from ib_async.objects import PriceIncrement

from edgerunner.adapters.ibkr.instrument_ids import IDEALPRO, SMART, VENUE, Description, ids_of, parse_id
from edgerunner.adapters.ibkr.instruments import PRODUCTS, Listing, listing_of, rule_of
from edgerunner.adapters.ibkr.link import Link
from edgerunner.adapters.ibkr.pace import Pace
from edgerunner.domain.errors import BrokerRejected, BrokerUnreachable, EdgerunnerError, NotFound
from edgerunner.domain.instruments import Instrument

_log = structlog.get_logger(__name__)

MAJOR_PAIRS: Final = ("EUR/USD", "GBP/USD", "USD/JPY", "USD/CHF", "AUD/USD", "USD/CAD")
_NO_CONTRACT: Final = "200"
_MOST_CANDIDATES: Final = 12
_MOST_FOUND: Final = 16


class Catalogue:
    """Instruments by id and by contract number."""

    def __init__(self, link: Link, pace: Pace) -> None:
        self._link = link
        self._pace = pace
        self._by_id: dict[str, Listing] = {}
        self._by_con_id: dict[int, Listing] = {}
        self._rules: dict[int, Sequence[PriceIncrement]] = {}
        self._qualifying = asyncio.Lock()

    def get(self, instrument_id: str) -> Listing:
        """Return an instrument from memory; raises ``NotFound``."""
        listing = self._by_id.get(instrument_id)
        if listing is None:
            parse_id(instrument_id)
            raise NotFound(f"{instrument_id} was not looked up yet; GET /instruments?instrument_id= does that")
        return listing

    def known(self, contract: Contract) -> Listing | None:
        """Return the instrument of a contract that TWS named, or None when it has to be learned first."""
        return self._by_con_id.get(contract.conId)

    async def load_major_pairs(self) -> None:
        """Take the pairs in that most portfolios are converted with; one that TWS does not list is left out."""
        for name in MAJOR_PAIRS:
            try:
                await self.load(f"{name}.{VENUE}")
            except EdgerunnerError as error:
                _log.info("pair_not_loaded", pair=name, reason=error.detail)

    def all(self) -> list[Instrument]:
        """Return every instrument in memory."""
        return [listing.instrument for listing in self._by_id.values()]

    async def load(self, instrument_id: str) -> Listing:
        """Return an instrument, qualified when it is not in memory.

        Raises ``NotFound`` (unknown, or ambiguous: with the candidates), ``Unsupported``, a ``BrokerError``.
        """
        known = self._by_id.get(instrument_id)
        if known is not None:
            return known
        described = parse_id(instrument_id)
        async with self._qualifying:
            known = self._by_id.get(instrument_id)
            return known if known is not None else await self._qualify(instrument_id, described)

    async def learn(self, contract: Contract) -> Listing:
        """Return the instrument of a contract that TWS named by number; raises ``NotFound`` or a ``BrokerError``."""
        async with self._qualifying:
            known = self.known(contract)
            if known is not None:
                return known
            found = await self._details(Contract(conId=contract.conId))
            if not found:
                raise NotFound(f"TWS does not tell what its contract {contract.conId} is")
            details = found[0]
            return await self._take(await self._short_id(details), details)

    async def search(self, query: str) -> list[Instrument]:
        """Return what TWS finds for a name or symbol, and what is in memory; only the latter for an empty query."""
        wanted = query.casefold()
        known = [each for each in self.all() if wanted in f"{each.instrument_id} {each.venue_symbol}".casefold()]
        if not query.strip():
            return known
        found = {instrument.instrument_id: instrument for instrument in known}
        for description in (await self._matching(query))[:_MOST_FOUND]:
            contract = description.contract
            if contract is None or contract.secType not in {"STK", "CASH"} or not contract.conId:
                continue
            instrument = (await self.learn(contract)).instrument
            found.setdefault(instrument.instrument_id, instrument)
        return list(found.values())

    async def _qualify(self, instrument_id: str, described: Description) -> Listing:
        candidates = await self._candidates(described)
        if not candidates:
            if not self._link.connectivity.knows_contracts:
                raise BrokerUnreachable(f"TWS cannot look {instrument_id} up now: its contract definitions are away")
            raise NotFound(f"Interactive Brokers knows no contract {instrument_id}")
        if len(candidates) > 1:
            names = [list(ids_of(each))[-1] for each in candidates[:_MOST_CANDIDATES]]
            raise NotFound(f"{instrument_id} fits several contracts; write one of {', '.join(sorted(names))}")
        short = await self._short_id(candidates[0], but=instrument_id)
        if short != instrument_id:
            raise NotFound(f"{instrument_id} is called {short} here")
        return await self._take(instrument_id, candidates[0])

    async def _candidates(self, described: Description) -> list[ContractDetails]:
        """Return the contracts that a description fits, one per number.

        TWS answers stocks once per exchange when no route is named, and event contracts among options.
        """
        found = await self._details(described.contract())
        if not found and (by_class := described.by_class()) is not None:
            found = await self._details(by_class)
        fitting = [each for each in found if each.contract and each.contract.secType == described.sec_type]
        return list({each.contract.conId: each for each in reversed(fitting) if each.contract}.values())[::-1]

    async def _short_id(self, details: ContractDetails, but: str | None = None) -> str:
        """Return the shortest id that describes this contract alone; ``but`` is known to do so."""
        names = list(ids_of(details))
        if not names:
            kind = details.contract.secType if details.contract else "?"
            raise NotFound(f"contracts of type {kind} have no id in this version")
        for name in names[:-1]:
            if name == but:
                return name
            candidates = await self._candidates(parse_id(name))
            if [each.contract.conId for each in candidates if each.contract] == [_con_id(details)]:
                return name
        return names[-1]

    async def _take(self, instrument_id: str, details: ContractDetails) -> Listing:
        rule_id = rule_of(details)
        listing = listing_of(instrument_id, details, await self._rule(rule_id) if rule_id is not None else ())
        self._by_id[instrument_id] = listing
        self._by_con_id[listing.con_id] = listing
        return listing

    async def _details(self, contract: Contract) -> list[ContractDetails]:
        """Ask for contract details; an empty list means that TWS said it knows none (200)."""
        await self._pace.turn()
        api = self._link.api
        try:
            found = await api.ask(
                f"for the contract {contract.symbol or contract.localSymbol or contract.conId}",
                lambda: api.reqContractDetailsAsync(contract),
                timeout_s=self._link.options.request_timeout_s,
            )
        except BrokerRejected as error:
            if error.broker_code == _NO_CONTRACT:
                return []
            raise
        for details in found:
            _route(details.contract, asked=contract)
        return found

    async def _rule(self, rule_id: int) -> Sequence[PriceIncrement]:
        if rule_id not in self._rules:
            await self._pace.turn()
            api, key = self._link.api, f"marketRule-{rule_id}"
            self._rules[rule_id] = await api.ask(
                f"for market rule {rule_id}",
                lambda: api.start(key, lambda: api.client.reqMarketRule(rule_id)),
                timeout_s=self._link.options.request_timeout_s,
                key=key,
            )
        return self._rules[rule_id]

    async def _matching(self, query: str) -> Sequence[ContractDescription]:
        await self._pace.turn()
        api = self._link.api
        request_id = api.new_request_id()
        return await api.ask(
            f"what matches {query!r}",
            lambda: api.start(request_id, lambda: api.client.reqMatchingSymbols(request_id, query)),
            timeout_s=self._link.options.request_timeout_s,
        )


def _con_id(details: ContractDetails) -> int:
    return details.contract.conId if details.contract else 0


def _route(contract: Contract | None, *, asked: Contract) -> None:
    """Let orders and data go where the id says: by SMART for stocks and options, to IDEALPRO for currencies.

    A contract that was asked for by number comes back with its primary exchange as the route.
    """
    if contract is None or asked.exchange or contract.secType not in PRODUCTS:
        return
    if contract.secType in {"STK", "OPT"}:
        contract.exchange = SMART
    elif contract.secType == "CASH":
        contract.exchange = IDEALPRO
