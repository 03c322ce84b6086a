"""Names of listings in the ledger and the control port.

``AAPL``, ``VOD@LSE-GBP``, ``EUR/USD``, ``ES-202612``, ``SPY-20261218-C-600``: a name says everything about a contract,
so that it is found again without a list.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.contracts import dated, standing
from edgerunner.simulators.tws.contracts.listing import Listing

HOME_CURRENCY: Final = "USD"
_FUTURE: Final = re.compile(r"([A-Z]+)-(20[0-9]{2})(0[1-9]|1[0-2])")
_OPTION: Final = re.compile(r"SPY-(20[0-9]{6})-([CP])-([1-9][0-9]{2})")


def name_of(listing: Listing) -> str:
    """Return the name of a listing, unique over all of them."""
    match listing.sec_type:
        case "CASH":
            return f"{listing.symbol}/{listing.currency}"
        case "FUT":
            return f"{listing.symbol}-{listing.expiry[:6]}"
        case "OPT":
            return f"{listing.symbol}-{listing.expiry}-{listing.right}-{listing.strike}"
        case _ if listing.currency == HOME_CURRENCY:
            return listing.symbol
        case _:
            return f"{listing.symbol}@{listing.primary_exchange}-{listing.currency}"


def listing_named(name: str) -> Listing | None:
    """Return the listing of a name, None when there is none; it may have expired or be listed only later."""
    if (found := _STANDING.get(name)) is not None:
        return found
    if (future := _FUTURE.fullmatch(name)) is not None:
        return dated.future(future[1], int(future[2]), int(future[3]))
    if (option := _OPTION.fullmatch(name)) is not None:
        try:
            return dated.option(date.fromisoformat(option[1]), Decimal(option[3]), option[2])
        except ValueError:
            return None
    return None


_STANDING: Final = {name_of(each): each for each in standing.STANDING}
