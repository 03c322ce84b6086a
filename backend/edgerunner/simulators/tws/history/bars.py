"""One bar of an answer: the prices of its pieces together, in the view and with the label that a request wants."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.history.prices import PriceBar
from edgerunner.simulators.tws.history.query import BarSize
from edgerunner.simulators.tws.history.spans import Span


def together(pieces: list[PriceBar]) -> PriceBar:
    """Return one bar of its pieces, oldest first."""
    volume = sum((each.volume for each in pieces), Decimal(0))
    value = sum((each.average * each.volume for each in pieces), Decimal(0))
    return PriceBar(
        open=pieces[0].open,
        high=max(each.high for each in pieces),
        low=min(each.low for each in pieces),
        close=pieces[-1].close,
        volume=volume,
        average=value / volume if volume else pieces[-1].average,
        opening_quote=pieces[0].opening_quote,
        closing_quote=pieces[-1].closing_quote,
    )


def label(span: Span, size: BarSize, listing: Listing, *, is_epoch: bool) -> str:
    """Return the date of a bar: a day, or its begin in the zone of the exchange or in seconds since 1970."""
    if size.unit != "second":
        return f"{span.day:%Y%m%d}"
    seconds = span.start_ns // NANOSECONDS
    if is_epoch:
        return str(seconds)
    zone = listing.schedule.zone
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(zone)):%Y%m%d %H:%M:%S} {zone}"
