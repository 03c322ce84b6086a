"""What Bybit's return codes prove, and the error each becomes.

Codes and texts are those of the V5 "Error Codes" page. A refusal is proof that nothing
happened only for the codes listed here; ambiguous codes and codes not listed leave the outcome
of a command unknown, so that the broker's records decide.
"""

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerError,
    BrokerRejected,
    BrokerTimeout,
    BrokerUnreachable,
    OutcomeUnknown,
)


class Verdict(Enum):
    """What a return code means for the request it answers."""

    DONE = auto()
    REJECTED = auto()
    """Refused for good; it did not happen."""
    AUTH = auto()
    """The key is refused; it did not happen."""
    CLOCK = auto()
    """Refused for its time stamp; it did not happen."""
    NOT_MODIFIED = auto()
    """It was so already."""
    IN_PROGRESS = auto()
    """A cancel that is being carried out."""
    RATE = auto()
    """Too many requests; a query may be repeated, a command's outcome is unknown."""
    BUSY = auto()
    """The server failed; a query may be repeated, a command's outcome is unknown."""
    DUPLICATE = auto()
    """An order with this key exists."""
    UNKNOWN = auto()
    """Not listed: nothing is proven."""


def _span(first: int, last: int) -> Iterable[int]:
    return range(first, last + 1)


_CODES: Final[dict[Verdict, tuple[Iterable[int], ...]]] = {
    Verdict.DONE: ((0,),),
    Verdict.AUTH: ((10003, 10004, 10005, 10007, 10010, 33004, -2015),),
    Verdict.CLOCK: ((10002, -1),),
    Verdict.NOT_MODIFIED: ((110025, 110026, 110027, 110043, 34040),),
    Verdict.IN_PROGRESS: ((170212,),),
    Verdict.RATE: ((10006, 10018, 10429, 20003, 429, 170005, 170222),),
    Verdict.BUSY: (
        (10000, 10014, 10016, 10019, 10403, 20006, 40004, 110079, 500000),
        (170001, 170007, 170032, 170035, 170146, 170147, 170149, 170150, 170191, 170234, 170310, 170311),
    ),
    Verdict.DUPLICATE: ((110072, 170141, 110030),),
    Verdict.REJECTED: (
        (10001, 10008, 10009, 10017, 10024, 10027, 10028, 10029, 10032, 10404, 100028),
        (30133, 30134, 30135, 30136, 30208),
        # derivatives
        _span(110001, 110024),
        (110028, 110029, 110031, 110032, 110033, 110034, 110036, 110037, 110038, 110039),
        _span(110040, 110042),
        _span(110044, 110071),
        (110074, 110077, 110080, 110085, 110086, 110087, 110088, 110089, 110090, 110092, 110093, 110094),
        _span(110095, 110109),
        (110118, 110119, 110120, 110121, 3200403, 3400045, 3400139),
        # spot
        (170010, 170011, 170019, 170031, 170033, 170034, 170036, 170037, 170105, 170115, 170116, 170117, 170121),
        (170124, *_span(170130, 170134), 170136, 170137, 170139, 170140, 170142, 170143, 170144, 170145, 170148),
        (170151, 170157, 170159, 170190, *_span(170192, 170204), 170206, 170207, 170210, 170213),
        (*_span(170215, 170221), *_span(170223, 170230), 170241, 170312, 170313, 170341, 170344, 170346, 170348),
        (170355, 170358, 170359, 170360, 170371, 170372, 170381, 170382, 170709, 170810),
    ),
}
_VERDICTS: Final = {code: verdict for verdict, groups in _CODES.items() for group in groups for code in group}
_ALREADY_SO: Final = "order remains unchanged"
"""Text of the 10001 that answers an amendment to what the order is already."""

_ON_TRADE_SOCKET: Final = {10003: Verdict.BUSY}
"""On the trade socket 10003 means too many sessions, not a wrong key (page "WS OE General code")."""

_DEMO_LACKS_IT: Final = frozenset({10032})


def verdict_of(code: int, text: str, *, on_trade_socket: bool = False) -> Verdict:
    """Return what ``code`` proves; ``text`` only tells amendments without change apart."""
    if code == 10001 and _ALREADY_SO in text.lower():
        return Verdict.NOT_MODIFIED
    if on_trade_socket and code in _ON_TRADE_SOCKET:
        return _ON_TRADE_SOCKET[code]
    return _VERDICTS.get(code, Verdict.UNKNOWN)


def is_missing_in_demo(code: int, text: str) -> bool:
    """Tell whether Bybit says that the demo service does not offer an endpoint."""
    return code in _DEMO_LACKS_IT or "demo trading" in text.lower()


class Refused(BrokerRejected):
    """A query that Bybit answered with an error code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(str(code), text)
        self.number = code


class NotSent(BrokerUnreachable):
    """A request that failed before its first byte."""


class NoAnswer(BrokerTimeout):
    """A request that was sent, or may have been, and got no readable answer."""


def query_error(code: int, text: str) -> BrokerError:
    """Return the error for a query answered with ``code``."""
    if verdict_of(code, text) is Verdict.AUTH:
        return BrokerAuthFailed(f"{text} ({code})")
    return Refused(code, text)


def command_error(code: int, text: str, *, on_trade_socket: bool = False) -> BrokerError | None:
    """Return the error for an order command answered with ``code``, or None when it is as wanted."""
    match verdict_of(code, text, on_trade_socket=on_trade_socket):
        case Verdict.DONE | Verdict.NOT_MODIFIED | Verdict.IN_PROGRESS:
            return None
        case Verdict.REJECTED | Verdict.AUTH | Verdict.CLOCK:
            return BrokerRejected(str(code), text)
        case Verdict.DUPLICATE:
            return OutcomeUnknown(f"an order with this key exists at Bybit: {text} ({code})")
        case _:
            return OutcomeUnknown(f"Bybit answered {text!r} ({code}), which proves nothing")
