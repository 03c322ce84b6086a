"""What a hostile report once cost."""

import time

import pytest

from edgerunner.adapters.mt5.experts.report import parse_report

LONGEST_S = 5.0
"""Of the processor; Python's own parser of HTML needs minutes for these."""


@pytest.mark.parametrize("unit", ["<!--", "<a ", "<td a='", "<![CDATA[", "<td>"])
def test_tags_without_an_end_are_read_in_time_that_grows_with_the_text(unit: str) -> None:
    started = time.process_time()
    assert not parse_report(unit * 50_000).deals
    assert time.process_time() - started < LONGEST_S
