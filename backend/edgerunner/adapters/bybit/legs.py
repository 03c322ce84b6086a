"""Position modes: which contracts are held in two legs, and which leg an order or execution means.

Bybit's ``positionIdx`` is 0 in one-way mode; in hedge mode 1 is the buy side (long) and 2 the sell side (short).
Hedge mode exists for USDT perpetuals only and is set per symbol or per coin ("Switch Position Mode").
"""

from collections.abc import Mapping
from typing import Final

from edgerunner.adapters.bybit.errors import Refused
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.rest import RestClient
from edgerunner.adapters.bybit.values import Malformed, Scalar, number, text
from edgerunner.adapters.bybit.wire import Position, decoded
from edgerunner.domain.errors import BrokerUnreachable, InvalidRequest
from edgerunner.domain.instruments import Product
from edgerunner.domain.orders import OrderTerms, Side

NET: Final = "net"
INDEXES: Final[Mapping[str, int]] = {NET: 0, "long": 1, "short": 2}
_LEGS: Final = {str(index): leg for leg, index in INDEXES.items()}


def leg_of(position_idx: Scalar) -> str:
    """Return the leg of a ``positionIdx``; unset or unknown ones are one-way."""
    return _LEGS.get(text(position_idx) or "0", NET)


def index_of(terms: OrderTerms, *, is_hedged: bool) -> int:
    """Return the ``positionIdx`` an order means.

    In hedge mode a buy opens the long leg and a sell the short one; a reduce-only order closes
    the other one; ``position_id`` says it outright. Raises ``InvalidRequest`` for a leg that the
    position mode does not have.
    """
    wanted = terms.position_id
    if not is_hedged:
        if wanted not in {None, NET}:
            raise InvalidRequest.of("position_id", "invalid", "the contract is in one-way mode: it has no legs")
        return INDEXES[NET]
    if wanted is None:
        return INDEXES["long" if (terms.side is Side.BUY) != terms.reduce_only else "short"]
    if wanted not in {"long", "short"}:
        raise InvalidRequest.of("position_id", "invalid", "the contract is in hedge mode: give long or short")
    return INDEXES[wanted]


def leg_of_execution(side: Side, closed_size: Scalar) -> str:
    """Return the leg that an execution in hedge mode changed.

    Executions carry no ``positionIdx``. A leg never turns, so one that closed anything is of the
    leg it stands against. Raises ``Malformed`` without ``closedSize``: a guess could open a position
    that does not exist.
    """
    closed = number(closed_size)
    if closed is None:
        raise Malformed("closedSize is missing in hedge mode")
    return "long" if (side is Side.BUY) != bool(closed) else "short"


class PositionModes:
    """Which contracts are in hedge mode: asked once per contract, then kept up by the stream."""

    def __init__(self, rest: RestClient) -> None:
        self._rest = rest
        self._hedged: dict[str, bool] = {}

    @property
    def any_hedged(self) -> bool:
        """Whether a contract is known to be in hedge mode."""
        return any(self._hedged.values())

    def note(self, listing: Listing, position_idx: Scalar) -> None:
        """Take in the index of a position that Bybit shows."""
        if _can_hedge(listing):
            self._hedged[listing.symbol] = leg_of(position_idx) != NET

    def forget(self, listing: Listing) -> None:
        """Ask again before the next order: Bybit contradicted what is known."""
        self._hedged.pop(listing.symbol, None)

    def forget_all(self) -> None:
        """Ask again about every contract."""
        self._hedged.clear()

    def known(self, listing: Listing) -> bool | None:
        """Return the mode when it is known without asking."""
        return self._hedged.get(listing.symbol) if _can_hedge(listing) else False

    async def is_hedged(self, listing: Listing) -> bool:
        """Return the mode; raises a ``BrokerError`` when it has to be asked and there is no answer.

        A query by symbol shows flat positions too: index 0 in one-way mode, 1 and 2 in hedge mode.
        Contracts that Bybit no longer shows count as one-way.
        """
        known = self.known(listing)
        if known is not None:
            return known
        hedged = False
        try:
            parameters = {"category": listing.category, "symbol": listing.symbol}
            async for row, _ in self._rest.pages("/v5/position/list", parameters):
                hedged = hedged or leg_of(decoded(row, Position).position_idx) != NET
        except Refused:
            hedged = False
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable position: {error}") from error
        self._hedged[listing.symbol] = hedged
        return hedged


def _can_hedge(listing: Listing) -> bool:
    instrument = listing.instrument
    return listing.category == "linear" and instrument.product is Product.PERPETUAL and instrument.settle == "USDT"
