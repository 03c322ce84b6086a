"""The ticks that every line has."""

from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.market import ticks
from edgerunner.simulators.tws.market.board import Board, Top, View
from edgerunner.simulators.tws.market.exchanges import is_consolidated, letter, letters
from edgerunner.simulators.tws.market.tape import Trade
from edgerunner.simulators.tws.market.ticks import Generic, Price, Quoted, Size, Text, Value

CAN_EXECUTE: Final = 1
BEFORE_OPEN: Final = 4
_EXCHANGES_STAY_STEPS: Final = 30
_NOBODY: Final = Top(bid=None, bid_size=Decimal(0), ask=None, ask_size=Decimal(0))


def basic_ticks(board: Board, view: View, *, shows_closed_quotes: bool) -> dict[int, Value]:
    """Return the ticks of a look; quotes of a closed market are there only when they are frozen ones or delayed."""
    found: dict[int, Value] = {}
    day = board.day_bar(view)
    trades = view.listing.sec_type != "CASH"
    if day is not None:
        found[ticks.HIGH], found[ticks.LOW] = Price(price=day.high), Price(price=day.low)
        if trades:
            found[ticks.VOLUME] = Size(size=day.volume)
    found[ticks.CLOSE] = Price(price=board.previous_close(view))
    if trades:
        _add_last(found, board, view)
    opening = board.opening(view)
    if opening is not None and trades:
        found[ticks.OPEN] = Price(price=opening)
    _add_quotes(found, view, board.top(view) if view.is_open or shows_closed_quotes else _NOBODY)
    found[ticks.HALTED] = Generic(value=Decimal(int(board.is_halted(view))))
    return found


def _add_last(found: dict[int, Value], board: Board, view: View) -> None:
    last: Trade | None = board.last(view)
    price = board.last_price(view)
    if last is None or price is None:
        if price is not None:
            found[ticks.LAST] = Quoted(price=price, size=Decimal(0))
        return
    shown = price if view.is_live and _is_bad(board, view) else last.price
    found[ticks.LAST] = Quoted(price=shown, size=last.size)
    found[ticks.LAST_TIME] = Text(text=str(last.time_s))
    if is_consolidated(view.listing):
        found[ticks.LAST_EXCHANGE] = Text(text=letter(last.exchange))


def _is_bad(board: Board, view: View) -> bool:
    return board.venue.market.bad_tick(view.symbol, view.step) is not None


def _add_quotes(found: dict[int, Value], view: View, top: Top) -> None:
    mask = CAN_EXECUTE if view.is_live else 0
    if view.is_live and not view.has_opened and view.listing.sec_type == "STK":
        mask |= BEFORE_OPEN
    found[ticks.BID] = Quoted(price=top.bid, size=top.bid_size, mask=mask)
    found[ticks.ASK] = Quoted(price=top.ask, size=top.ask_size, mask=mask)
    if is_consolidated(view.listing) and top.bid is not None and top.ask is not None:
        spot = view.step // _EXCHANGES_STAY_STEPS
        found[ticks.BID_EXCHANGE] = Text(text=letters(view.listing, spot * 2))
        found[ticks.ASK_EXCHANGE] = Text(text=letters(view.listing, spot * 2 + 1))
