"""What EAs push wakes the stream: it says sooner what the terminal itself shows, and nothing that it does not.

An EA's words are no truth for the bridge. They only tell which channels to read at once instead of at their next poll.
"""

from collections.abc import Callable
from typing import Final

from edgerunner.mt5_bridge.ea_link import EaLink
from edgerunner.mt5_bridge.ea_messages import EaHello, EaTick, EaTransaction
from edgerunner.mt5_bridge.ea_session import EaClosed, EaEvent, EaGap
from edgerunner.mt5_bridge.records import Records

TRADE_CHANNELS: Final = ("orders", "positions", "deals", "history_orders", "account")


def channels_of(event: EaEvent) -> tuple[str, ...]:
    """Return the stream's channels that an event is about. After a hole anything may have changed."""
    match event:
        case EaTick(symbol=symbol):
            return (f"ticks:{symbol}",)
        case EaTransaction() | EaGap() | EaHello():
            return TRADE_CHANNELS
        case EaClosed():
            return ()


def feed_stream(link: EaLink, wake: Callable[[str], None], records: Records) -> None:
    """Let an EA link wake the stream's channels, and note who comes and goes."""

    def hear(session: str, event: EaEvent) -> None:
        if isinstance(event, EaHello):
            records.note("ea_connected", session=session, expert=event.expert, login=event.login, symbol=event.symbol)
        elif isinstance(event, EaClosed):
            records.note("ea_closed", session=session, reason=event.reason)
        for channel in channels_of(event):
            wake(channel)

    link.add_listener(hear)
