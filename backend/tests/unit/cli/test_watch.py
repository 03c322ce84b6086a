"""The board follows snapshots and deltas, and the picture says what matters."""

from typing import Any

import pytest
from rich.console import Console

from edgerunner.cli.watch_board import Board
from edgerunner.cli.watch_view import draw
from edgerunner.client import LinkChange, StreamMessage, SubscriptionRefused
from tests.fakes import api_answers as samples

QUOTES = "quotes:bybit-sim:BTCUSDT-LINEAR.BYBIT"


def message(channel: str, kind: str, data: Any, seq: int = 1) -> StreamMessage:
    return StreamMessage(channel=channel, kind=kind, seq=seq, epoch="a", ts=samples.TIME, data=data)


def board_with(*events: StreamMessage | LinkChange | SubscriptionRefused) -> Board:
    board = Board((QUOTES,))
    for event in events:
        board.apply(event)
    return board


def picture(board: Board) -> str:
    console = Console(width=200, color_system=None)
    with console.capture() as captured:
        console.print(draw(board, "http://127.0.0.1:8000", "now"))
    return captured.get()


def test_a_delta_replaces_one_row_and_a_snapshot_all() -> None:
    one, two = samples.order(client_order_id="A1"), samples.order(client_order_id="A2")
    board = board_with(
        message("orders", "snapshot", {"orders": [one, two]}),
        message("orders", "delta", {"orders": [samples.order(client_order_id="A1", status="filled")]}),
    )
    assert {order["client_order_id"]: order["status"] for order in board.orders} == {"A1": "filled", "A2": "accepted"}
    board.apply(message("orders", "snapshot", {"orders": [two]}))
    assert [order["client_order_id"] for order in board.orders] == ["A2"]


def test_a_position_that_went_flat_disappears() -> None:
    board = board_with(
        message("positions", "snapshot", {"positions": [samples.position()]}),
        message("positions", "delta", {"positions": [samples.position(side="flat", quantity="0")]}),
    )
    assert board.positions == []


def test_a_position_shows_its_newest_mark_and_profit() -> None:
    position = samples.position(unrealized_pnl="1")
    key = {name: position[name] for name in ("connection_id", "account_id", "instrument_id", "position_id")}
    newest = {**key, "currency": "USDT", "mark_price": "61000", "unrealized_pnl": "10", "realized_pnl": "0"}
    board = board_with(
        message("positions", "snapshot", {"positions": [position]}),
        message("pnl", "delta", {"pnl": [{**newest, "as_of": samples.TIME}]}),
    )
    assert [(row["mark_price"], row["unrealized_pnl"]) for row in board.positions] == [("61000", "10")]


def test_the_board_is_complete_when_every_channel_spoke_or_was_refused() -> None:
    events: list[StreamMessage | SubscriptionRefused] = [
        message("connections", "snapshot", {"connections": [samples.connection()]}),
        message("account", "snapshot", {"accounts": []}),
        message("positions", "snapshot", {"positions": []}),
        message("pnl", "snapshot", {"pnl": []}),
        message("orders", "snapshot", {"orders": []}),
        message(QUOTES, "snapshot", None),
        SubscriptionRefused(channel=QUOTES, code="not_found", detail="no such instrument"),
    ]
    boards = [board_with(*events[:count]) for count in range(len(events) + 1)]
    assert [board.has_book for board in boards] == [False, False, False, False, False, True, True, True]
    assert [board.is_complete for board in boards] == [False, False, False, False, False, False, False, True]
    assert "no such instrument" in picture(boards[-1])


@pytest.mark.parametrize(("environment", "is_live"), [("live", False), ("demo", True)])
def test_simulated_and_live_money_are_told_apart(environment: str, *, is_live: bool) -> None:
    account = {"account_id": "9", "mode": "netting", "currency": "USDT", "live": is_live}
    live = samples.connection(connection_id="main", environment=environment, accounts=[account])
    shown = picture(board_with(message("connections", "snapshot", {"connections": [samples.connection(), live]})))
    simulated_line = next(line for line in shown.splitlines() if "bybit-sim" in line)
    live_line = next(line for line in shown.splitlines() if " main " in line)
    assert "SIMULATED" in simulated_line
    assert "LIVE" not in simulated_line
    assert "LIVE" in live_line


def test_a_paper_account_on_live_prices_is_not_shown_as_live_money() -> None:
    paper = samples.connection(connection_id="paper", environment="live", execution="local")
    shown = picture(board_with(message("connections", "snapshot", {"connections": [paper]})))
    assert "LOCAL ON LIVE PRICES" in next(line for line in shown.splitlines() if " paper " in line)


def test_a_lost_link_and_an_unknown_outcome_are_said() -> None:
    unknown = samples.order(status="submitted", outcome_unknown={"since": samples.TIME, "reason": "no answer"})
    shown = picture(
        board_with(
            LinkChange(is_up=False, reason="connection lost"), message("orders", "snapshot", {"orders": [unknown]})
        )
    )
    assert "LINK LOST: connection lost" in shown
    assert "OUTCOME UNKNOWN" in shown
