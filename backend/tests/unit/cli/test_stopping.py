"""Jobs that end each other, and signals that ask for an end."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from edgerunner.cli.stopping import first_of, stop_requested


async def ending_at_once() -> None:
    return


async def test_the_first_job_to_end_ends_the_others_and_they_clean_up() -> None:
    cleaned = []

    async def lasting() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("lasting")

    await first_of(lasting(), ending_at_once())
    assert cleaned == ["lasting"]


async def test_the_only_error_of_a_group_comes_out_itself() -> None:
    async def failing() -> None:
        raise ExceptionGroup("group", [ExceptionGroup("inner", [ValueError("the cause")])])

    with pytest.raises(ValueError, match="the cause"):
        await first_of(failing(), asyncio.Event().wait())


async def test_an_error_while_cleaning_up_is_not_lost() -> None:
    async def failing_late() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        await first_of(failing_late(), ending_at_once())


@pytest.fixture
def handlers() -> Iterator[dict[signal.Signals, object]]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield dict(before)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_ask_for_an_end_and_do_not_cut_it_short_until_the_process_is_gone(
    number: signal.Signals, handlers: dict[signal.Signals, object]
) -> None:
    with stop_requested() as stop:
        signal.raise_signal(number)
        signal.raise_signal(number)
        async with asyncio.timeout(5):
            await stop.wait()
    signal.raise_signal(number)
    assert {signal.getsignal(each) for each in handlers} == {signal.SIG_IGN}


async def test_without_a_signal_everything_is_as_before(handlers: dict[signal.Signals, object]) -> None:
    before = [signal.getsignal(each) for each in handlers]  # the loop has set one of its own by now
    with stop_requested() as stop:
        assert not stop.is_set()
    assert [signal.getsignal(each) for each in handlers] == before
