"""``docs/strategies.md`` tells what there is: its example runs, its tables are those of the code.

After an intended change run this file with ``PYTHONPATH=backend``: it writes the new table.
"""

import random
import re
from pathlib import Path

import numpy as np

from edgerunner import Strategy, run_backtest
from edgerunner.strategies import indicators
from edgerunner.strategies.parameters import ParameterSpec
from edgerunner.strategies.registry import shipped_classes

PAGE = Path(__file__).parents[5] / "docs" / "strategies.md"
BEGIN, END = "<!-- shipped: begin -->", "<!-- shipped: end -->"


def bounds(spec: ParameterSpec) -> str:
    words = [
        f"{sign} {limit:g}"
        for sign, limit in (
            ("≥", spec.minimum),
            (">", spec.exclusive_minimum),
            ("≤", spec.maximum),
            ("<", spec.exclusive_maximum),
        )
        if limit is not None
    ]
    words += [f"step {spec.step:g}"] if spec.step is not None else []
    words += [" ".join(map(str, spec.choices))] if spec.choices else []
    return ", ".join(words)


def row(spec: ParameterSpec) -> str:
    default = str(spec.default).lower() if spec.kind is bool else str(spec.default)
    return f"| `{spec.name}` | {spec.kind.__name__} | {default} | {bounds(spec)} | {spec.description} |"


def section(strategy_class: type[Strategy]) -> list[str]:
    summary = " ".join((strategy_class.__doc__ or "").strip().split("\n\n")[0].split())
    lines = [f"### `{strategy_class.__name__}`", summary, ""]
    lines += ["| parameter | type | default | bounds | meaning |", "|---|---|---|---|---|"]
    return [*lines, *map(row, strategy_class.parameter_specs()), ""]


def with_table(page: str) -> str:
    before, rest = page.split(BEGIN)
    text = "\n".join(line for strategy_class in shipped_classes() for line in section(strategy_class))
    return f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}"


def test_shipped_strategies_on_the_page_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page)


def test_every_indicator_is_on_the_page_and_nothing_else() -> None:
    listed = set(re.findall(r"^\| `(\w+)\(", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert listed == set(indicators.__all__) - {"Indicator"}


def test_the_example_runs_as_it_is_printed() -> None:
    page = PAGE.read_text(encoding="utf-8")
    example = page.split("<!-- example: begin -->\n```python\n")[1].split("```\n<!-- example: end -->")[0]
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(example, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    strategy_class = names["TrendFollower"]
    assert isinstance(strategy_class, type)
    assert issubclass(strategy_class, Strategy)
    result = run_backtest(strategy_class, rising_and_falling_bars(), parameters={"period": 10})
    assert len(result.trades) > 3
    assert {str(order.status) for order in result.orders} == {"filled"}


def rising_and_falling_bars() -> dict[str, np.ndarray]:
    source = random.Random(1)
    closes = [100.0]
    for place in range(600):
        trend = 0.2 if place // 60 % 2 else -0.2
        closes.append(round(closes[-1] + trend + source.uniform(-0.3, 0.3), 2))
    opens, ends = np.array(closes[:-1]), np.array(closes[1:])
    return {
        "time": 1_704_067_200_000 + 60_000 * np.arange(600),
        "open": opens,
        "high": np.maximum(opens, ends) + 0.05,
        "low": np.minimum(opens, ends) - 0.05,
        "close": ends,
        "volume": np.ones(600),
    }


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
