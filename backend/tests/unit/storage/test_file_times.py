"""Times of files: units told apart, wall clocks of a zone, the two odd hours of a year."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner.backtest.columns import BadData
from edgerunner.storage.market_files.column_names import Kind
from edgerunner.storage.repairs import Repair
from tests.unit.storage.market_samples import FIRST_MS, read

CELLS = "1,2,1,2,5"


def file_of(times: list[str], *, header: str = "time,open,high,low,close,volume") -> str:
    return "\n".join([header, *(f"{time},{CELLS}" for time in times)]) + "\n"


def times_of(times: list[str], timezone: str | None = None) -> list[int]:
    found: list[int] = read(file_of(times), timezone=timezone).columns.time_ms.tolist()
    return found


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("1704067200", "times are epoch seconds"),
        ("1704067200.0", "times are epoch seconds"),
        ("1704067200000", "times are epoch milliseconds"),
        ("1704067200000000", "times are epoch microseconds"),
        ("1704067200000000000", "times are epoch nanoseconds"),
        ("2024-01-01", "times are dates: 00:00 UTC of the session's day"),
        ("20240101", "times are dates: 00:00 UTC of the session's day"),
        ("2024.01.01", "times are dates: 00:00 UTC of the session's day"),
        ("2024-01-01 00:00", "times are read as UTC"),
        ("2024/01/01 00:00:00", "times are read as UTC"),
        ("2024.01.01 00:00:00.000", "times are read as UTC"),
        ("2024-01-01T00:00:00", "times are read as UTC"),
        ("2024-01-01T00:00:00Z", "times name their offset from UTC"),
        ("2024-01-01T00:00:00.000000Z", "times name their offset from UTC"),
        ("2024-01-01 02:00:00+02:00", "times name their offset from UTC"),
    ],
)
def test_each_way_of_writing_a_time_is_told_and_reported(text: str, note: str) -> None:
    found = read(file_of([text]))
    assert found.columns.time_ms.tolist() == [FIRST_MS]
    assert note in found.notes


def test_fractions_of_a_second_keep_their_milliseconds() -> None:
    assert times_of(["1704067200.0547", "1704067200.9999"]) == [FIRST_MS + 54, FIRST_MS + 999]


def test_times_with_and_without_an_offset_do_not_mix() -> None:
    with pytest.raises(BadData, match="row 2, column time: is '2024-01-01 00:01:00', no time like the others"):
        times_of(["2024-01-01 00:00:00Z", "2024-01-01 00:01:00"])


def test_offsets_refuse_a_time_zone() -> None:
    with pytest.raises(BadData, match="the times name their own offset from UTC, so Europe/Athens cannot apply"):
        times_of(["2024-01-01T00:00:00Z"], "Europe/Athens")


def test_bybit_candle_dumps_are_three_hours_ahead_all_year() -> None:
    summer = "2024.07.01 03:00,1,2,1,2,5\n"
    assert read(summer).columns.time_ms.tolist() == [1_719_792_000_000]
    assert "times are read as Etc/GMT-3" in read(summer).notes


class TestTheHourThatIsSkipped:
    """Athens, 31 March 2024: 03:00 to 04:00 does not exist."""

    TIMES = ("2024-03-31 02:00:00", "2024-03-31 03:00:00", "2024-03-31 04:00:00")

    def test_a_bar_inside_is_an_error_with_its_row(self) -> None:
        with pytest.raises(BadData) as caught:
            times_of(list(self.TIMES), "Europe/Athens")
        assert caught.value.row == 2
        assert caught.value.errors[0].code == "dst_missing"
        assert "the clocks of Europe/Athens skip" in str(caught.value)

    def test_the_bars_around_it_are_one_hour_apart(self) -> None:
        before, after = times_of([self.TIMES[0], self.TIMES[2]], "Europe/Athens")
        assert after - before == 3_600_000

    def test_it_is_dropped_only_when_bad_rows_may_be_skipped(self) -> None:
        found = read(file_of(list(self.TIMES)), timezone="Europe/Athens", repairs=(Repair.SKIP_BAD_ROWS,))
        assert found.repaired == {"skipped: time dst_missing": 1}
        assert len(found.columns) == 2


class TestTheHourThatExistsTwice:
    """Athens, 27 October 2024: 03:00 to 04:00 comes twice, first in summer time (UTC+3)."""

    def test_the_order_decides_when_both_are_there(self) -> None:
        clock = ["02:30", "03:00", "03:30", "03:00", "03:30", "04:00"]
        content = file_of([f"2024-10-27 {time}:00" for time in clock])
        found = read(content, timezone="Europe/Athens")
        first = 1_729_985_400_000  # 2024-10-26 23:30 UTC
        assert found.columns.time_ms.tolist() == [first + 1_800_000 * step for step in range(6)]
        assert "4 rows lie in an hour that exists twice and were placed by their order" in found.notes

    def test_one_bar_of_an_hour_twice_is_decided_too(self) -> None:
        first, second = times_of(["2024-10-27 03:00:00", "2024-10-27 03:00:00"], "Europe/Athens")
        assert second - first == 3_600_000

    @pytest.mark.parametrize(
        "clock",
        [["02:00", "03:00", "04:00"], ["03:00"], ["03:00", "03:30"], ["03:30", "03:00", "03:30", "03:00"]],
    )
    def test_it_is_an_error_when_the_order_leaves_more_than_one_answer(self, clock: list[str]) -> None:
        with pytest.raises(BadData) as caught:
            times_of([f"2024-10-27 {time}:00" for time in clock], "Europe/Athens")
        assert caught.value.errors[0].code == "dst_twice"
        assert caught.value.row == clock.index(next(time for time in clock if time.startswith("03"))) + 1
        assert "show twice" in str(caught.value)

    def test_ticks_of_the_same_time_are_no_step_back(self) -> None:
        header = "time,bid,ask"
        rows = ["03:00:00", "03:00:00", "03:59:59", "03:00:00", "03:30:00"]
        content = "\n".join([header, *(f"2024-10-27 {time},1,2" for time in rows)])
        found = read(content, timezone="Europe/Athens")
        assert found.kind is Kind.TICKS
        steps = (found.columns.time_ms - found.columns.time_ms[0]).tolist()
        assert steps == [0, 0, 3_599_000, 3_600_000, 5_400_000]


def test_a_zone_may_change_its_offset_for_good() -> None:
    """Moscow went from UTC+4 to UTC+3 on 26 October 2014 at 02:00 and stayed."""
    before, after = times_of(["2014-10-25 12:00:00", "2014-10-27 12:00:00"], "Europe/Moscow")
    assert datetime.fromtimestamp(before / 1000, UTC).hour == 8
    assert datetime.fromtimestamp(after / 1000, UTC).hour == 9


@settings(max_examples=15)
@given(
    year=st.integers(1985, 2035),
    zone=st.sampled_from(["Europe/Athens", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "UTC"]),
)
def test_a_year_of_half_hours_through_any_zone_comes_back(year: int, zone: str) -> None:
    """Half hours of a year, written by the clock of a zone, are the same moments again."""
    start = datetime(year, 1, 10, 12, tzinfo=UTC)
    moments = [start + timedelta(minutes=30 * step) for step in range(48 * 355)]
    clock = [moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") for moment in moments]
    assert times_of(clock, zone) == [int(moment.timestamp() * 1000) for moment in moments]
