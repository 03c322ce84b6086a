"""Each metric is defined once, and the page in docs says the same."""

import metrics_page

from edgerunner.backtest.metrics import DEFINITIONS


def test_the_page_of_metrics_is_the_one_made_from_the_code() -> None:
    written = metrics_page.PAGE.read_text(encoding="utf-8")
    assert written == metrics_page.page(), "docs/metrics.md is stale: run tools/metrics_page.py"


def test_every_definition_is_a_sentence_under_a_title() -> None:
    for name, definition in DEFINITIONS.items():
        assert definition.name == name
        assert definition.title
        assert definition.definition.endswith("."), name


def test_titles_and_definitions_are_plain_text_that_a_table_can_hold() -> None:
    assert [name for name, item in DEFINITIONS.items() if set("|<>\n") & set(item.title + item.definition)] == []
