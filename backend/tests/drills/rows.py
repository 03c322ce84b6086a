"""The rows of the failure model, by name: what is done, in which world, and how often in a full run."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.drills import rows_mt5, rows_process, rows_product, rows_tws, rows_wire
from tests.drills.world import InsideWorld, ProcessWorld, SmallDiskWorld, World

Scenario = Callable[[World, random.Random, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One drill. ``count`` scenarios in a full run, each with a seed of its own.

    ``broken`` says how the row was seen red: what was broken in the product to see it fail.
    """

    name: str
    scenario: Scenario
    count: int
    world: type[World] = InsideWorld

    @property
    def sentence(self) -> str:
        """Return what the row does, in a sentence."""
        return " ".join((self.scenario.__doc__ or "").split())


ROWS: tuple[Row, ...] = (
    Row(name="F1a", scenario=rows_process.killed_at_a_point, count=140, world=ProcessWorld),
    Row(name="F1b", scenario=rows_process.killed_at_a_moment, count=100, world=ProcessWorld),
    Row(name="F1c", scenario=rows_process.killed_while_its_answer_is_lost, count=20, world=ProcessWorld),
    Row(name="F1d", scenario=rows_process.stopped_and_continued, count=40, world=ProcessWorld),
    Row(name="F2a", scenario=rows_process.bracket_cut_in_the_middle, count=20, world=ProcessWorld),
    Row(name="F2b", scenario=rows_process.bracket_cut_in_the_middle, count=60),
    Row(name="F3a", scenario=rows_wire.lost_answers, count=300),
    Row(name="F3b", scenario=rows_wire.lost_in_transit, count=200),
    Row(name="F4", scenario=rows_wire.doubled_and_late_news, count=250),
    Row(name="F4b", scenario=rows_wire.late_fills_of_one_market, count=100),
    Row(name="B1", scenario=rows_tws.fills_around_a_lost_connection, count=60),
    Row(name="B2", scenario=rows_tws.reset_at_night, count=20, world=ProcessWorld),
    Row(name="B3", scenario=rows_tws.restarts_with_a_position, count=20),
    Row(name="B4", scenario=rows_wire.retry_while_the_stream_knows, count=60),
    Row(name="B5", scenario=rows_tws.executions_before_their_orders, count=60),
    Row(name="B7", scenario=rows_tws.fills_while_away, count=60),
    Row(name="B8", scenario=rows_tws.ids_given_again, count=60),
    Row(name="B9", scenario=rows_wire.blind_retries, count=100),
    Row(name="F5a", scenario=rows_wire.fills_while_disconnected, count=120),
    Row(name="F5b", scenario=rows_wire.fill_against_cancel, count=100),
    Row(name="F6", scenario=rows_wire.silent_stream, count=40),
    Row(name="F7", scenario=rows_wire.broker_restarts, count=60),
    Row(name="F8", scenario=rows_wire.wrong_clock, count=40),
    Row(name="F9", scenario=rows_wire.rate_limited, count=100),
    Row(name="F9b", scenario=rows_wire.out_of_many_orders, count=10),
    Row(name="F10", scenario=rows_product.locked_database, count=40),
    Row(name="F11", scenario=rows_product.full_disk, count=20, world=SmallDiskWorld),
    Row(name="F14", scenario=rows_product.one_key_fifty_times, count=60),
    Row(name="F16", scenario=rows_product.absurd_quotes, count=60),
    Row(name="F17", scenario=rows_product.refusals, count=80),
    Row(name="F18", scenario=rows_product.the_brokers_own_hand, count=80),
    Row(name="F19", scenario=rows_product.forgotten_history, count=40),
    Row(name="F20", scenario=rows_wire.garbled_bytes, count=60),
    Row(name="F21", scenario=rows_product.reader_that_does_not_read, count=20, world=ProcessWorld),
    Row(name="M1", scenario=rows_mt5.terminal_killed_in_an_order, count=120),
    Row(name="M2", scenario=rows_mt5.time_out_after_execution, count=80),
    Row(name="M3", scenario=rows_mt5.terminal_hangs, count=60),
    Row(name="M4", scenario=rows_mt5.comments_rewritten, count=60),
    Row(name="F22", scenario=rows_process.killed_while_halted, count=20, world=ProcessWorld),
)
"""B6 (one fill by stream and by reading) is part of F4, F5a and F6: the stream and the records tell the same fills."""

BY_NAME = {row.name: row for row in ROWS}
