"""The HTML report: self-contained, harmless, complete, readable without its pictures."""

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.metrics import DEFINITIONS
from edgerunner.backtest.report import html
from tests.fakes.backtest_result import DAY_MS, FakeResult, fake_result, seeded_bars

ASSETS = files("edgerunner.backtest.report") / "assets"
HOSTILE = "</script><script>alert('run')</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Elements, ids and the text of scripts, tables and everything else."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        else:
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def bars() -> BarColumns:
    return seeded_bars(30_000)


@pytest.fixture(scope="module")
def result(bars: BarColumns) -> FakeResult:
    return fake_result(bars)


@pytest.fixture(scope="module")
def page(result: FakeResult, bars: BarColumns) -> Page:
    return Page(html(result, bars=bars))


def test_nothing_is_loaded_from_anywhere(page: Page) -> None:
    assert not {"link", "img", "iframe", "object", "embed", "form"} & {tag for tag, _ in page.elements}
    assert [attributes["src"] for _, attributes in page.elements if "src" in attributes] == []
    assert [link["href"] for link in page.all("a")] == ["https://www.tradingview.com/"]


def test_only_the_two_scripts_of_the_report_may_run(page: Page) -> None:
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    run = [text for text, script in zip(page.scripts, page.all("script"), strict=True) if "type" not in script]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in run]
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert len(hashes) == 2


def test_hostile_text_of_a_run_stays_text(result: FakeResult, bars: BarColumns) -> None:
    hostile = replace(
        result,
        strategy=HOSTILE,
        instrument_ids=(HOSTILE,),
        parameters={HOSTILE: HOSTILE},
        assumptions={HOSTILE: HOSTILE},
        currency=HOSTILE,
        orders=(replace(result.orders[0], order_id=HOSTILE),),
        trades=(replace(result.trades[0], instrument_id=HOSTILE),),
    )
    found = Page(html(hostile, bars=bars, title=HOSTILE))
    assert len(found.scripts) == 3
    assert found.all("img") == []
    assert HOSTILE in "".join(found.words)


def test_the_data_block_is_json_without_markup(page: Page) -> None:
    block = page.scripts[0]
    assert "<" not in block
    assert set(json.loads(block)) == {"equity", "price"}


def test_every_metric_stands_beside_its_definition(page: Page, result: FakeResult) -> None:
    assert set(result.metrics) == set(DEFINITIONS)
    for definition in DEFINITIONS.values():
        assert definition.title in page.text
        assert definition.definition in page.text


def test_an_undefined_metric_is_a_dash(result: FakeResult) -> None:
    found = html(replace(result, metrics=dict.fromkeys(DEFINITIONS)))
    assert '<th scope="row">Sharpe ratio</th><td class="number">-</td>' in found


def test_simulated_money_assumptions_and_parameters_are_told(page: Page) -> None:
    for words in ("simulated money", "next_open", "0.0002 of notional", "Parameters of SmaCross", "risk free rate"):
        assert words in page.text


def test_every_table_has_a_caption_and_scoped_headers(page: Page) -> None:
    tags = Counter(tag for tag, _ in page.elements)
    assert tags["table"] == tags["caption"] == tags["thead"]
    assert all(header.get("scope") in {"col", "row"} for header in page.all("th"))


def test_every_picture_is_told_in_words(page: Page) -> None:
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    for figure in page.all("figure"):
        assert figure["aria-labelledby"] in ids
    assert len(page.all("figure")) == len(page.all("figcaption")) == 4
    for sentence in ("Equity went from", "The deepest drawdown", "It was traded", "day returns from"):
        assert sentence in page.text


def test_ids_are_unique_and_headings_do_not_skip_a_level(page: Page) -> None:
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    assert [tag for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)][:2] == ["h1", "h2"]
    assert {tag for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)} == {"h1", "h2"}
    assert page.all("html") == [{"lang": "en"}]


def test_a_long_table_says_that_it_is_cut_and_where_all_of_it_is(page: Page, result: FakeResult) -> None:
    assert len(result.trades) > 200
    assert f"The first 200 of {len(result.trades)}. The whole list is in trades.csv" in page.text


def test_a_downsampled_line_says_how(page: Page) -> None:
    assert "Drawn from 30,001 points: the lowest and the highest of every 16" in page.text


def test_without_bars_the_price_chart_is_left_out_and_said_so(result: FakeResult) -> None:
    found = Page(html(result))
    assert "there is no price chart" in found.text
    assert "price" not in json.loads(found.scripts[0])


def test_a_run_of_a_million_bars_is_a_file_below_five_megabytes() -> None:
    bars = seeded_bars(1_000_000)
    assert len(html(fake_result(bars), bars=bars).encode()) < 5_000_000


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_run_of_a_few_bars_has_a_report(count: int) -> None:
    bars = seeded_bars(count)
    found = Page(html(fake_result(bars, held_bars=50), bars=bars))
    assert "It needs at least two day returns other than zero." in found.text
    assert "It was not traded." in found.text


def test_a_bankrupt_run_has_a_report(bars: BarColumns) -> None:
    result = fake_result(bars)
    found = Page(html(replace(result, equity=np.linspace(100_000.0, -5_000.0, len(bars))), bars=bars))
    assert "The deepest drawdown, 105.00 %" in found.text


def test_years_of_days_have_a_rolling_sharpe_of_ninety_days_and_a_row_a_year() -> None:
    bars = seeded_bars(800, bar_ms=DAY_MS)
    found = Page(html(fake_result(bars, bar_ms=DAY_MS, held_bars=10), bars=bars))
    assert "Rolling Sharpe ratio, 90 days" in found.text
    assert "Of the last 90 day returns" in found.text
    assert {"2024", "2025", "2026"} <= set(found.text.split())


def test_the_vendored_chart_library_is_small_and_keeps_its_licence() -> None:
    script = (ASSETS / "lightweight-charts.standalone.production.js").read_text(encoding="utf-8")
    assert len(script.encode()) < 250_000
    assert "</script" not in script
    assert "Apache License 2.0" in script[:300]
    assert "Apache License" in (ASSETS / "lightweight-charts.LICENSE.txt").read_text(encoding="utf-8")
