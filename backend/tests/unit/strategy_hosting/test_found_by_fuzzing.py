"""What a hostile child process once could do to its parent."""

from decimal import Decimal

import pytest

from edgerunner.backtest_worker.messages import UnreadableLine, decode_job, decode_message
from edgerunner.strategy_worker import messages
from edgerunner.strategy_worker.framing import (
    LARGEST_FROM_WORKER,
    FrameRefused,
    decode_for_worker,
    decode_from_worker,
    encode,
)

RUBBISH = [b"", b"\xff", b"\xc1", b"\x91" * 100_000, b"\xdd\xff\xff\xff\xff"]


@pytest.mark.parametrize("number", ["1e999999999", "NaN", "1e-99999"])
def test_an_order_of_a_number_that_no_market_has_ends_the_worker(number: str) -> None:
    wish = messages.Submit("S1", "BTC", "buy", "market", Decimal(number))
    with pytest.raises(FrameRefused):
        decode_from_worker(encode(wish, LARGEST_FROM_WORKER)[4:])


@pytest.mark.parametrize("body", RUBBISH)
def test_rubbish_is_refused_in_both_directions(body: bytes) -> None:
    for decode in (decode_from_worker, decode_for_worker):
        with pytest.raises(FrameRefused):
            decode(body)


@pytest.mark.parametrize("line", [b"", b"\xff", b"[" * 100_000, b'{"type":"Progress","fraction":1e400}'])
def test_a_line_of_a_backtest_that_is_no_message_is_unreadable(line: bytes) -> None:
    for decode in (decode_message, decode_job):
        with pytest.raises(UnreadableLine):
            decode(line)
