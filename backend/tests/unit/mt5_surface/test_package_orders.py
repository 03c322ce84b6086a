"""`Buy`, `Sell` and `Close` as the package has them in Python."""

from typing import Any, NamedTuple

import pytest

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.package_orders import PackageOrders


class Tick(NamedTuple):
    bid: float
    ask: float


class Position(NamedTuple):
    ticket: int
    type: int
    volume: float


class Result(NamedTuple):
    retcode: int


class Terminal:
    """Answers orders with the codes it is given, one after the other; a code of None is a failed call."""

    def __init__(self, *codes: int | None, positions: tuple[Position, ...] | None = ()) -> None:
        self._codes = list(codes)
        self._ticks = 0
        self.positions = positions
        self.asked: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.orders = PackageOrders(self._order_send, self._symbol_info_tick, self._positions_get)

    def _order_send(self, request: dict[str, Any]) -> Result | None:
        self.sent.append(request)
        code = self._codes.pop(0)
        return None if code is None else Result(code)

    def _symbol_info_tick(self, symbol: str) -> Tick | None:
        self._ticks += 1
        return None if symbol == "NOPE" else Tick(bid=self._ticks, ask=self._ticks + 0.5)

    def _positions_get(self, **chosen: Any) -> tuple[Position, ...] | None:
        self.asked.append(chosen)
        return self.positions


def test_a_given_price_is_tried_once() -> None:
    terminal = Terminal(constants.TRADE_RETCODE_REQUOTE)
    result = terminal.orders.buy("EURUSD", 0.1, 1.1, comment="mine", ticket=5)
    assert result.retcode == constants.TRADE_RETCODE_REQUOTE
    assert terminal.sent == [
        {
            "action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "price": 1.1, "deviation": 10,
            "comment": "mine", "position": 5,
        }
    ]  # fmt: skip


def test_without_a_price_the_market_s_is_tried_again_on_requotes() -> None:
    terminal = Terminal(constants.TRADE_RETCODE_REQUOTE, constants.TRADE_RETCODE_PRICE_OFF, 10009)
    assert terminal.orders.sell("EURUSD", 0.1).retcode == 10009
    assert [(request["type"], request["price"]) for request in terminal.sent] == [(1, 1), (1, 2), (1, 3)]
    assert "comment" not in terminal.sent[0]
    assert "position" not in terminal.sent[0]


def test_ten_attempts_are_the_most() -> None:
    terminal = Terminal(*[constants.TRADE_RETCODE_REQUOTE] * 11)
    assert terminal.orders.buy("EURUSD", 0.1).retcode == constants.TRADE_RETCODE_REQUOTE
    assert [request["price"] for request in terminal.sent] == [place + 1.5 for place in range(10)]


def test_any_other_refusal_and_a_failed_call_end_the_attempts() -> None:
    assert Terminal(constants.TRADE_RETCODE_NO_MONEY).orders.buy("EURUSD", 0.1).retcode == 10019
    assert Terminal(None).orders.buy("EURUSD", 0.1) is None
    with pytest.raises(AttributeError):
        Terminal().orders.buy("NOPE", 0.1)


def test_closing_takes_each_position_of_a_symbol_at_the_other_side() -> None:
    terminal = Terminal(10009, 10009, positions=(Position(7, 0, 0.1), Position(8, 1, 0.2)))
    assert terminal.orders.close("EURUSD", comment="out") is True
    assert terminal.asked == [{"symbol": "EURUSD"}]
    assert [(each["type"], each["price"], each["position"], each["volume"]) for each in terminal.sent] == [
        (1, 1, 7, 0.1),
        (0, 2.5, 8, 0.2),
    ]


@pytest.mark.parametrize(
    ("codes", "answer"),
    [((10009, 10019), "Partially"), ((10019, 10018), False), ((10009, None), None), ((10010, 10009), "Partially")],
)
def test_closing_tells_how_much_of_it_was_done(codes: tuple[int | None, ...], answer: Any) -> None:
    terminal = Terminal(*codes, positions=(Position(7, 0, 0.1), Position(8, 1, 0.2)))
    assert terminal.orders.close("EURUSD") == answer


def test_closing_by_ticket_nothing_and_without_an_answer() -> None:
    terminal = Terminal()
    assert terminal.orders.close("EURUSD", ticket=7) is False
    assert terminal.asked == [{"ticket": 7}]
    assert Terminal(positions=(Position(7, 0, 0.1),)).orders.close("NOPE") is None
    with pytest.raises(TypeError):
        Terminal(positions=None).orders.close("EURUSD")


def test_the_raw_order_takes_its_words_either_way() -> None:
    terminal = Terminal(10009, 10009)
    words = {"price": 1.1, "comment": "mine", "ticket": 5}
    terminal.orders.raw(0, "EURUSD", 0.1, *words.values())
    terminal.orders.raw(0, "EURUSD", 0.1, **words)
    assert terminal.sent[0] == terminal.sent[1]
