"""The public topics that somebody listens to, and how topic names are read."""

from collections import defaultdict

from edgerunner.simulators.bybit import codes, klines
from edgerunner.simulators.bybit.categories import Category, venue_key
from edgerunner.simulators.bybit.topics.base import PublicListener, Pulse, Topic, TopicSource
from edgerunner.simulators.bybit.topics.kline import KlineSource
from edgerunner.simulators.bybit.topics.order_book import INTERVALS_S, OrderBookSource
from edgerunner.simulators.bybit.topics.tickers import TickerSource
from edgerunner.simulators.bybit.topics.trades import TradeSource
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tasks import TaskOwner
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import TradePrinted, VenueEvent, VenueInstrument


class PublicHub:
    """Starts a topic with its first subscriber and forgets it with its last."""

    def __init__(self, venue: Venue, faults: FaultBox, tasks: TaskOwner) -> None:
        self.venue = venue
        self.faults = faults
        self._tasks = tasks
        self._topics: dict[tuple[Category, str], Topic] = {}
        self._of_symbol: defaultdict[str, dict[Topic, None]] = defaultdict(dict)
        self._pulses: dict[float, Pulse] = {}
        self._remove_listener = venue.add_listener(self._on_event)

    def close(self) -> None:
        """Stop listening to the venue."""
        self._remove_listener()

    def check(self, category: Category, name: str) -> None:
        """Raise the live service's error when there is no such topic."""
        if (category, name) not in self._topics:
            self._source(category, name)

    def subscribe(self, category: Category, name: str, listener: PublicListener) -> None:
        """Add a subscriber."""
        topic = self._topics.get((category, name))
        if topic is None:
            instrument, source = self._source(category, name)
            topic = self._topics[category, name] = Topic(self.venue, instrument, source, self._pulse(source.interval_s))
            self._of_symbol[topic.symbol][topic] = None
        topic.add(listener)

    def unsubscribe(self, category: Category, name: str, listener: PublicListener) -> None:
        """Remove a subscriber; nothing happens when it was none."""
        topic = self._topics.get((category, name))
        if topic is None:
            return
        topic.remove(listener)
        if not topic.has_listeners:
            del self._topics[category, name]
            del self._of_symbol[topic.symbol][topic]

    def _pulse(self, interval_s: float) -> Pulse:
        return self._pulses.setdefault(interval_s, Pulse(interval_s, self._tasks))

    def _source(self, category: Category, name: str) -> tuple[VenueInstrument, TopicSource]:
        kind, _, rest = name.partition(".")
        detail, _, symbol = rest.rpartition(".")
        instrument = self.venue.instruments.get(venue_key(category, symbol))
        if instrument is None:
            raise _not_found(name)
        match kind, detail:
            case "orderbook", depth if depth in map(str, INTERVALS_S):
                return instrument, OrderBookSource(name, int(depth), instrument, self.venue, faults=self.faults)
            case "tickers", "":
                return instrument, TickerSource(name, instrument, self.venue)
            case "publicTrade", "":
                return instrument, TradeSource(name, instrument, self.venue)
            case "kline", word if word:
                return instrument, KlineSource(name, _interval(word, name), instrument, self.venue, faults=self.faults)
        raise _not_found(name)

    def _on_event(self, event: VenueEvent) -> None:
        if not isinstance(event, TradePrinted):
            return
        for topic in self._of_symbol[event.symbol]:
            topic.source.on_trade(event)


def _interval(word: str, name: str) -> klines.Interval:
    try:
        return klines.parse_interval(word)
    except codes.WireError as error:
        raise _not_found(name) from error


def _not_found(name: str) -> codes.WireError:
    return codes.parameter_error(f"error:handler not found,topic:{name}")
