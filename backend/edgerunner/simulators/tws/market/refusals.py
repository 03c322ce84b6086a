"""Requests for market data that are refused: the error goes to the client by the request's id."""

from collections.abc import Callable
from typing import Any

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.contracts.answers import no_contract
from edgerunner.simulators.tws.contracts.directory import Directory, NoContract
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.history.prices import NoPrices
from edgerunner.simulators.tws.history.query import BadQuery
from edgerunner.simulators.tws.market.rights import needs_subscription
from edgerunner.simulators.tws.wire.session import ErrorMessage
from edgerunner.simulators.venue_types import VenueReject


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, error: ErrorMessage) -> None:
        super().__init__(error.text)
        self.error = error


def checked(directory: Directory, handler: Callable[[Any, Listing], Answer]) -> Callable[[Any], Answer]:
    """Return a handler that finds the contract of a request first, and tells why it refuses one."""

    def answer(request: Any) -> Answer:
        try:
            expired = getattr(request, "includes_expired", False)
            yield from handler(request, directory.resolve(request.contract, includes_expired=expired))
        except NoContract as reason:
            yield no_contract(request.request_id, reason)
        except Refused as refused:
            yield refused.error
        except BadQuery as reason:
            yield codes.history_error(str(reason), request.request_id)
        except (NoPrices, VenueReject) as reason:
            yield codes.not_served(f"prices of {reason}", request.request_id)

    return answer


def no_permission(listing: Listing, code: int, request_id: int, before: str) -> Refused:
    """Return the refusal of live data; ``before`` tells what failed (recorded for AAPL, whose farm calls it ISLAND)."""
    exchange = listing.primary_exchange or listing.exchanges[0]
    farm = "ISLAND" if exchange == "NASDAQ" else exchange
    sentence = f"{before}No market data permissions for {farm} {listing.sec_type}. "
    return Refused(needs_subscription(request_id, code, before=sentence))


def unknown_ticker(request_id: int) -> ErrorMessage:
    """Return the answer to the end of something that has not begun."""
    text = f"Can't find EId with tickerId:{request_id}"
    return ErrorMessage(request_id=request_id, code=codes.UNKNOWN_TICKER, text=text)
