"""Market data of one gateway: what all its sessions share."""

from collections.abc import Callable

from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.history.prices import Prices
from edgerunner.simulators.tws.market.board import Board
from edgerunner.simulators.tws.market.lines import States
from edgerunner.simulators.tws.market.past_ticks import PastTicks
from edgerunner.simulators.tws.market.rights import MarketDataSettings
from edgerunner.simulators.tws.market.streams import Streams
from edgerunner.simulators.tws.pulse import Pulse
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import VenueInstrument


class MarketDesk:
    """The board, the subscriptions of all clients, and the ticks of the past.

    ``keeps_hours`` = markets close; ``is_silent()`` = nothing is told for the moment.
    """

    def __init__(
        self,
        venue: Venue,
        prices: Prices,
        instrument_of: Callable[[Listing], VenueInstrument],
        *,
        pulse: Pulse,
        settings: MarketDataSettings,
        keeps_hours: bool,
        is_silent: Callable[[], bool],
    ) -> None:
        self.settings = settings
        self.board = Board(venue, prices, instrument_of, keeps_hours=keeps_hours)
        self.states = States(self.board)
        self.streams = Streams(self.board, pulse, is_silent=is_silent, forget=self._forget)
        self.past = PastTicks(self.board, instrument_of, keeps_hours=keeps_hours)

    def _forget(self, symbol: str) -> None:
        self.board.forget(symbol)
        self.states.forget(symbol)
