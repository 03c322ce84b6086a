"""Server time and back, on the days when clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from edgerunner.simulators.mt5.symbols.server_time import SECOND_NS, ServerZone
from edgerunner.simulators.mt5.terminal.wall_time import WallTime

ZONES = ("UTC", "EET", "America/New_York", "Asia/Kolkata", "Etc/GMT+5")
SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)


def ns(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND_NS


def epoch(*wall: int) -> int:
    """Seconds of a wall clock time read as if it were UTC."""
    return int(datetime(*wall, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


@pytest.mark.parametrize("name", ZONES)
def test_columns_and_single_moments_agree_with_the_zone_over_both_switches(name: str) -> None:
    wall, zone = WallTime(ServerZone(name)), ZoneInfo(name)
    for switch in (SPRING, AUTUMN, datetime(2026, 11, 1, 6, tzinfo=UTC)):
        times = np.arange(-7200, 7200, 300, dtype=np.int64) + int(switch.timestamp())
        local = [datetime.fromtimestamp(int(time), zone).replace(tzinfo=UTC).timestamp() for time in times]
        assert wall.column(times).tolist() == local
        assert wall.milliseconds_column(times * 1000 + 7).tolist() == [int(each) * 1000 + 7 for each in local]
        assert [wall.seconds(int(time) * SECOND_NS) for time in times] == local


def test_the_hour_that_comes_twice_is_searched_from_its_first_to_its_second_coming() -> None:
    wall = WallTime(ServerZone("EET"))
    twice = epoch(2026, 10, 25, 3, 30)
    assert wall.first_moment(twice) == ns(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    assert wall.last_moment(twice) == ns(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) + SECOND_NS - 1
    once = epoch(2026, 10, 25, 12, 0)
    assert wall.first_moment(once) + SECOND_NS - 1 == wall.last_moment(once)


def test_the_hour_that_never_comes_is_the_moment_of_the_switch() -> None:
    wall = WallTime(ServerZone("EET"))
    assert wall.first_moment(epoch(2026, 3, 29, 3, 30)) == ns(SPRING)


def test_no_time_stays_no_time_and_dates_out_of_reach_are_the_nearest_in_reach() -> None:
    wall = WallTime(ServerZone("EET"))
    assert (wall.seconds(0), wall.milliseconds(0)) == (0, 0)
    assert wall.first_moment(-1e18) <= 0
    assert wall.last_moment(1e18) > ns(datetime(2200, 1, 1, tzinfo=UTC))
    assert wall.column(np.zeros(0, np.int64)).tolist() == []
