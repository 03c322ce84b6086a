"""Names of stream channels: what they mean. Pure."""

from dataclasses import dataclass

from edgerunner.adapters.broker import Feed, MarketSubscription
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.identifiers import CONNECTION_ID
from edgerunner.domain.market import Timeframe

BOOK_CHANNELS = frozenset(
    {"orders", "fills", "positions", "account", "pnl", "connections", "alerts", "risk", "strategies"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookChannel:
    """A channel of the book; with a connection only what belongs to it."""

    base: str
    connection_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketChannel:
    """One live feed of one instrument of one connection."""

    connection_id: str
    subscription: MarketSubscription


def parse_channel(name: str) -> BookChannel | MarketChannel:
    """Return what a channel name means; raises ``InvalidRequest``."""
    base, _, rest = name.partition(":")
    if base in BOOK_CHANNELS:
        return BookChannel(base=base, connection_id=_connection(rest) if ":" in name else None)
    if base in set(Feed):
        return _market_channel(Feed(base), rest)
    known = ", ".join(sorted({*BOOK_CHANNELS, *Feed}))
    raise InvalidRequest.of("channel", "unknown_channel", f"{base!r} is none of {known}")


def is_market_channel(name: str) -> bool:
    """Tell whether a name begins like that of a market channel; whether it means one, ``parse_channel`` says."""
    return name.partition(":")[0] in set(Feed)


def _market_channel(feed: Feed, rest: str) -> MarketChannel:
    connection_id, _, instrument_id = rest.partition(":")
    timeframe = None
    if feed is Feed.BARS:
        instrument_id, _, length = instrument_id.rpartition(":")
        if length not in set(Timeframe):
            known = ", ".join(Timeframe)
            raise InvalidRequest.of(
                "channel", "unknown_timeframe", f"bars need a bar length at the end: one of {known}"
            )
        timeframe = Timeframe(length)
    if not instrument_id:
        raise InvalidRequest.of("channel", "incomplete", f"{feed} needs {feed}:<connection_id>:<instrument_id>")
    subscription = MarketSubscription(feed=feed, instrument_id=instrument_id, timeframe=timeframe)
    return MarketChannel(connection_id=_connection(connection_id), subscription=subscription)


def _connection(connection_id: str) -> str:
    if not CONNECTION_ID.fullmatch(connection_id):
        raise InvalidRequest.of("channel", "invalid_connection_id", f"{connection_id!r} is no connection_id")
    return connection_id
