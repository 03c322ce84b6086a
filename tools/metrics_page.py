"""Write `docs/metrics.md` from the definitions in the code; a test keeps the two the same."""

import sys
from collections.abc import Iterator
from pathlib import Path

from edgerunner.backtest.metrics import DEFINITIONS, Group, Unit

PAGE = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"

INTRODUCTION = """\
# Metrics of a backtest

Every number that a run prints means exactly this. The tables are made from the code
(`backend/edgerunner/backtest/metrics/definitions.py`) by `tools/metrics_page.py`.

- **Returns** are taken at UTC day ends, of days with bars; the first starts at the start capital. They are fractions
  of the equity before.
- **Periods per year** follow the calendar of what is traded: 365 where the market never closes (crypto), 260 from
  Monday to Friday around the clock (FX), 252 at stock exchanges; of several instruments the most open one counts.
  Below 365, bars of a week-end belong to Monday.
- **Standard deviations** are of a sample (ddof 1), means arithmetic, the risk-free rate is 0.
- **Drawdown** is taken at the end of every bar, with the start capital as first peak, and is a positive fraction.
- **Trades** are closed round trips; their statistics count money net of fees. A position still open at the end is none.
- **Undefined** is `null` (an empty cell in CSV, a dash on a page): never infinite, not-a-number or a zero that stands
  for nothing. Return figures are undefined once equity was zero or below at the start of a day.

Other programs define some of these names differently (a Sharpe ratio of minute returns, a profit factor of days):
compare definitions first.
"""

UNITS = {
    Unit.FRACTION: "fraction",
    Unit.MONEY: "money, base currency",
    Unit.RATIO: "ratio",
    Unit.COUNT: "count",
    Unit.SECONDS: "seconds",
    Unit.TIME: "time (UTC epoch ms; RFC 3339 in files)",
}


def page() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, *(line for group in Group for line in _section(group))])


def _section(group: Group) -> Iterator[str]:
    yield f"## {group.value}\n"
    yield "| name | title | unit | definition |"
    yield "|---|---|---|---|"
    for item in DEFINITIONS.values():
        if item.group is group:
            yield f"| `{item.name}` | {item.title} | {UNITS[item.unit]} | {item.definition} |"
    yield ""


def main() -> int:
    """Write the page and return the exit code."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE.relative_to(PAGE.parent.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
