"""What TWS remembers independently of sockets; it outlives every connection."""

import time
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner.simulators.catalogue_ibkr import listing_of, symbol_of
from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.account.day import DayBook
from edgerunner.simulators.tws.account.portfolio import Portfolio
from edgerunner.simulators.tws.account.shown import ShownAccounts
from edgerunner.simulators.tws.contracts.directory import Directory
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.delivery.conditions import Conditions
from edgerunner.simulators.tws.delivery.delivery import Delivery
from edgerunner.simulators.tws.history.prices import Prices
from edgerunner.simulators.tws.market.desk import MarketDesk
from edgerunner.simulators.tws.orders.desk import OrderDesk
from edgerunner.simulators.tws.orders.hours import ContractHours
from edgerunner.simulators.tws.pacing import Pacing
from edgerunner.simulators.tws.pulse import Pulse
from edgerunner.simulators.tws.session import Sessions
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import VenueInstrument

_ZONE: Final = ZoneInfo("America/New_York")


class Gateway:
    """One simulated TWS over a venue."""

    def __init__(self, venue: Venue, faults: FaultBox, settings: TwsSettings) -> None:
        self.venue = venue
        self.faults = faults
        self.settings = settings
        self.sessions = Sessions()
        self.pulse = Pulse()
        self.conditions = Conditions(faults)
        self.accounts = ShownAccounts(venue, settings.accounts, lambda: self.conditions.shows_live_account)
        self.delivery = Delivery(faults, profile=settings.profile, seed=venue.operator.seed)
        venue.on_reset(lambda: self.delivery.begin_again(venue.operator.seed))
        self.directory = Directory(self.local_time)
        self.prices = Prices(venue.market, self.symbol_of)
        self.day = DayBook(venue, self.local_time)
        self.portfolio = Portfolio(venue, self.day)
        self.pacing = Pacing(settings.pacing, time.monotonic)
        self.market = MarketDesk(
            venue,
            self.prices,
            self.instrument_of,
            pulse=self.pulse,
            settings=settings.market_data,
            keeps_hours=settings.keeps_hours,
            is_silent=lambda: self.conditions.is_data_silent,
        )
        self.desk = OrderDesk(
            venue,
            directory=self.directory,
            accounts=self.accounts,
            sessions=self.sessions,
            delivery=self.delivery,
            zone=_ZONE,
        )
        venue.keep_hours(ContractHours(lambda: settings.keeps_hours or self.conditions.keeps_trading_hours))

    @property
    def is_read_only(self) -> bool:
        """Tell whether the API takes no orders: by its settings, or by a fault."""
        return self.settings.is_read_only or self.conditions.is_read_only

    def symbol_of(self, listing: Listing) -> str:
        """Return the venue's key of a listing, which trades there from now on; raises ``VenueReject`` if it cannot."""
        return self.instrument_of(listing).symbol

    def instrument_of(self, listing: Listing) -> VenueInstrument:
        """Return a listing as the venue trades it; raises ``VenueReject`` (unknown_symbol)."""
        return self.venue.instrument(symbol_of(listing))

    def listing_of(self, symbol: str) -> Listing:
        """Return the listing of a venue's key; raises ``KeyError``."""
        return listing_of(symbol)

    def next_order_id(self, client_id: int) -> int:
        """Return the smallest order id that a client may use; every client id has a number line of its own."""
        return self.desk.register.next_order_id(client_id)

    def roll_back_ids(self, count: int) -> None:
        """Let the next order id of every client id fall back, as after a restart that forgot some."""
        self.desk.register.roll_back(count)

    def knows_account(self, account: str) -> bool:
        """Tell whether an account exists; no name means the only one."""
        return account in self.accounts or (not account and len(self.accounts) == 1)

    def time_s(self) -> int:
        """Return its time in seconds since 1970."""
        return self.venue.now_ns() // NANOSECONDS

    def local_time(self) -> datetime:
        """Return its time on the wall of the exchange (New York)."""
        return datetime.fromtimestamp(self.time_s(), UTC).astimezone(_ZONE)
