"""What the terminal's structs become in the adapter: any values of the right types are a report or an error of ours."""

from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from edgerunner.adapters.mt5.account import account_of, summary_of
from edgerunner.adapters.mt5.books import Book, fill_of
from edgerunner.adapters.mt5.cash import cash_reports
from edgerunner.adapters.mt5.exit_reports import exit_reports
from edgerunner.adapters.mt5.listings import listing_of
from edgerunner.adapters.mt5.order_reports import order_reports
from edgerunner.adapters.mt5.own_keys import OwnKeys
from edgerunner.adapters.mt5.position_reports import position_report
from edgerunner.adapters.mt5.server_clock import ServerClock, ServerZone
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.mt5_surface.struct_sequence import AnyStruct, field_kinds
from edgerunner.mt5_surface.structs import AccountInfo
from tests.fuzz.damage import hostile_texts
from tests.fuzz.declared import decoded, require_plain
from tests.fuzz.target import Target, pure
from tests.unit.adapters.mt5.rows import deal, order, position, row, symbol

_WHOLE = st.one_of(
    st.sampled_from((0, 1, 2, 3, 5, 6, 8, -1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63))),
    st.integers(-(2**63), 2**64 - 1),
)
_FLOATS = st.one_of(
    st.sampled_from((0.0, 0.1, -1.0, 1e-9, 1e-320, 1e15, 1e18, 1e308, float("nan"), float("inf"), float("-inf"))),
    st.floats(),
)
_KINDS: dict[type, SearchStrategy[Any]] = {int: _WHOLE, float: _FLOATS, str: hostile_texts, bool: st.booleans()}
LISTING = listing_of("EURUSD.MT5", symbol(), "USD")


@st.composite
def _damaged(draw: st.DrawFn, made: AnyStruct) -> AnyStruct:
    """Draw a struct with up to five of its values replaced by others of the same type."""
    kinds = field_kinds(type(made))
    values = dict(zip(kinds, made, strict=True))
    for name in draw(st.lists(st.sampled_from(sorted(kinds)), max_size=5)):
        values[name] = draw(_KINDS[kinds[name]])
    return type(made)(values.values())


def _books() -> list[Book]:
    zoned = ServerClock(ServerZone(ZoneInfo("Europe/Athens"), 0))
    measured = ServerClock(None)
    measured.observe(1_795_435_200_000, 1_795_428_000_000_000_000)
    return [
        Book(account_id="1", currency="USD", is_hedged=is_hedged, clock=clock, keys=OwnKeys())
        for clock, is_hedged in ((zoned, True), (measured, False))
    ]


def _told(read: Any, *arguments: Any) -> None:
    for book in _books():
        require_plain(_plain(decoded(read, book, *arguments, error=EdgerunnerError)))


def _plain(found: Any) -> Any:
    return [asdict(each) for each in found] if isinstance(found, list) else found and asdict(found)


def _order(given: tuple[Any, list[Any]]) -> None:
    told, deals = given
    _told(order_reports, told, LISTING, deals)
    for each in deals:
        _told(fill_of, each, LISTING, told)
        _told(cash_reports, each, LISTING)


def _position(told: Any) -> None:
    _told(position_report, told, LISTING)
    _told(exit_reports, told, LISTING)


def _account(info: Any) -> None:
    decoded(account_of, info, error=EdgerunnerError)
    summary = decoded(summary_of, info, 1, error=EdgerunnerError)
    require_plain(summary and asdict(summary))


def _symbol(info: Any) -> None:
    listing = decoded(listing_of, "EURUSD.MT5", info, "USD", error=EdgerunnerError)
    if listing is not None:
        require_plain(asdict(listing.instrument))
        for book in _books():
            decoded(position_report, book, position(), listing, error=EdgerunnerError)


_account_info = row(AccountInfo, login=5, currency="USD", currency_digits=2, leverage=100)

TARGETS: tuple[Target, ...] = (
    pure(
        "mt5_orders",
        "adapters.mt5: orders and deals",
        st.tuples(_damaged(order()), st.lists(_damaged(deal()), max_size=3)),
        _order,
    ),
    pure("mt5_positions", "adapters.mt5: positions and their exits", _damaged(position()), _position),
    pure("mt5_accounts", "adapters.mt5.account: the account", _damaged(_account_info), _account),
    pure("mt5_symbols", "adapters.mt5.listings: symbols", _damaged(symbol()), _symbol),
)
