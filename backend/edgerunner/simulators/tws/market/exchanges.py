"""Exchanges in market data: the letters of consolidated quotes, and who has an order book.

Source: the answers of a gateway to reqSmartComponents for AAPL and to reqMktDepthExchanges, recorded in 2026; of the
latter only the exchanges that are simulated.
"""

from typing import Final

from edgerunner.simulators.noise import mix
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.market.tape import places
from edgerunner.simulators.tws.wire.market_messages import DepthExchange, SmartComponent

US_STOCKS_MAP: Final = "9c0001"
_NO_GROUP: Final = 2_147_483_647
_LETTERS: Final = (
    *(("AMEX", "A"), ("BEX", "B"), ("NYSENAT", "C"), ("FINRA", "D"), ("ISE", "I"), ("EDGEA", "J"), ("DRCTEDGE", "K")),
    *(("CHX", "M"), ("ARCA", "P"), ("NASDAQ", "T"), ("IEX", "V"), ("T24X", "G"), ("PSX", "X"), ("BYX", "Y")),
    *(("BATS", "Z"), ("NYSE", "N"), ("LTSE", "L"), ("MEMX", "U"), ("PEARL", "H"), ("TXSE", "F")),
)
_LETTER_OF: Final = dict(_LETTERS)
_DEEP: Final = (
    *(("ARCA", "STK"), ("NASDAQ", "STK"), ("ISLAND", "STK"), ("LSE", "STK"), ("CME", "FUT"), ("NYSE", "STK")),
    *(("IEX", "STK"), ("BATS", "STK")),
)

SMART_COMPONENTS: Final = tuple(
    SmartComponent(bit=bit, exchange=exchange, letter=letter) for bit, (exchange, letter) in enumerate(_LETTERS)
)
DEPTH_EXCHANGES: Final = (
    DepthExchange(exchange="IDEALPRO", sec_type="CASH", listing_exchange="", service_type="Deep", aggregate_group=4),
    *(
        DepthExchange(
            exchange=exchange, sec_type=sec_type, listing_exchange="", service_type="Deep", aggregate_group=_NO_GROUP
        )
        for exchange, sec_type in _DEEP
    ),
)
_HAS_DEPTH: Final = frozenset((each.exchange, each.sec_type) for each in DEPTH_EXCHANGES)


def map_of(listing: Listing) -> str:
    """Return the name of a listing's exchange letters; only US stocks have one here."""
    return US_STOCKS_MAP if is_consolidated(listing) else ""


def is_consolidated(listing: Listing) -> bool:
    """Tell whether its quotes come from several exchanges."""
    return listing.sec_type == "STK" and listing.currency == "USD"


def has_depth(listing: Listing, exchange: str, *, is_smart: bool) -> bool:
    """Tell whether a listing has an order book at an exchange, or by SMART routing over all of them."""
    if exchange == "SMART":
        return is_smart and is_consolidated(listing)
    return (exchange, listing.sec_type) in _HAS_DEPTH


def letters(listing: Listing, spot: int) -> str:
    """Return the letters of the exchanges that show a price: at least one, chosen by ``spot``."""
    names = places(listing)
    bits = mix(spot)
    first = bits % len(names)
    shown = (name for place, name in enumerate(names) if place == first or bits >> (8 + place) & 1)
    return "".join(_LETTER_OF.get(name, "") for name in shown)


def letter(exchange: str) -> str:
    """Return the letter of one exchange, nothing when it has none."""
    return _LETTER_OF.get(exchange, "")
