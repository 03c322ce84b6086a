"""What damaged rows and files once did."""

from pathlib import Path

import pytest

from edgerunner.backtest.columns import BadData
from edgerunner.domain.events import OrderPendingUpdate
from edgerunner.storage.bar_files import read_market_file
from edgerunner.storage.catalogue import METADATA, Catalogue
from edgerunner.storage.codec import EventCodec, UnreadableEvent
from edgerunner.storage.dataset_parts import DatasetUnreadable
from tests.unit.storage.journal_events import event
from tests.unit.storage.market_samples import stream

ROW = EventCodec().to_row(event(OrderPendingUpdate(), stamp=1))


@pytest.mark.parametrize(
    ("column", "value"),
    [(2, "1"), (2, None), (8, "nobody"), (8, None), (9, 0.5), (12, None), (12, b"{}"), (12, "[" * 100_000)],
)
def test_a_damaged_column_is_an_unreadable_event(column: int, value: object) -> None:
    row: tuple[object, ...] = (*ROW[:column], value, *ROW[column + 1 :])
    with pytest.raises(UnreadableEvent):
        EventCodec().from_row(1, 1, row)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ['"1e-999999"', '"NaN"', "1e999999", '"Infinity"', '"1E999999999"'])
def test_a_number_that_was_never_written_is_an_unreadable_event(number: str) -> None:
    payload = f'{{"price":{number},"quantity":null,"trigger_price":null}}'
    row = (*ROW[:12], payload, *ROW[13:])
    with pytest.raises(UnreadableEvent):
        EventCodec().from_row(1, 1, row)


@pytest.mark.parametrize("content", [b"\xff", b"[" * 100_000])
def test_a_damaged_dataset_says_so(tmp_path: Path, content: bytes) -> None:
    dataset_id = "01JD8Z4K3V7Q2M5N9R1T6W8X0Y"
    (tmp_path / dataset_id).mkdir()
    (tmp_path / dataset_id / METADATA).write_bytes(content)
    with pytest.raises(DatasetUnreadable):
        Catalogue(tmp_path).get(dataset_id)


def test_a_row_that_is_no_utf_8_and_has_too_many_cells_is_named() -> None:
    content = b"time,open,high,low,close\n1704067200000,1,2,1,2\n1704067260000,1,2,1,\xff,7\n"
    with pytest.raises(BadData, match="has 6 cells, the header has 5") as told:
        read_market_file(stream(content), name="a.csv")
    assert told.value.row == 2
