"""The table of docs/reliability.md: every row, how often, and how it was seen red. ``python -m tests.drills.table``."""

from pathlib import Path

from tests.drills.red import BREAKS
from tests.drills.rows import ROWS
from tests.drills.world import ProcessWorld

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"
BEGIN, END = "<!-- rows begin -->", "<!-- rows end -->"


def table() -> str:
    """Return the table as Markdown."""
    lines = ["| row | scenarios | what is done, and must hold after it | broken to see it red |", "|---|---|---|---|"]
    for row in ROWS:
        sentence = row.sentence.partition(": ")[2]
        real = " (real process killed or stopped)" if row.world is ProcessWorld else ""
        lines.append(f"| {row.name} | {row.count}{real} | {sentence} | {BREAKS[row.name].words} |")
    return "\n".join(lines)


def page_with_table(text: str) -> str:
    """Return the page with the present table in it."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
