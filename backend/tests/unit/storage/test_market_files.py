import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from edgerunner.backtest.columns import BadData, BarColumns, TickColumns
from edgerunner.storage.bar_files import FileFormat, Limits, columns_of_frame, read_bars, read_market_file
from edgerunner.storage.repairs import Repair
from tests.unit.storage import market_samples as samples
from tests.unit.storage.market_samples import FIRST_MS, MINUTE_MS, read, stream

TIMES = [FIRST_MS, FIRST_MS + MINUTE_MS, FIRST_MS + 2 * MINUTE_MS]


def bars_of(content: str | bytes, timezone: str | None = None) -> BarColumns:
    columns = read(content, timezone=timezone).columns
    assert isinstance(columns, BarColumns)
    return columns


def ticks_of(content: str) -> TickColumns:
    columns = read(content).columns
    assert isinstance(columns, TickColumns)
    return columns


@pytest.mark.parametrize(
    ("content", "timezone", "wanted"),
    [
        (samples.GENERIC, None, FileFormat.CSV),
        (samples.ISO, None, FileFormat.CSV),
        (samples.MT5, "Europe/Athens", FileFormat.MT5),
        (samples.BYBIT_KLINES, None, FileFormat.BYBIT),
    ],
)
def test_each_form_gives_the_same_times(content: str, timezone: str | None, wanted: FileFormat) -> None:
    found = read(content, timezone=timezone)
    assert found.format is wanted
    assert found.columns.time_ms.tolist() == TIMES


def test_a_gzipped_file_is_told_by_its_content() -> None:
    assert read_market_file(stream(samples.GENERIC, packed=True)).columns.time_ms.tolist() == TIMES


def test_a_path_is_read_and_its_folder_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "secret-folder-name" / "bars.csv"
    path.parent.mkdir()
    path.write_text(samples.GENERIC)
    assert read_bars(path).volume.tolist() == [5, 6, 7]
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadData) as caught:
        read_bars(str(path))
    assert "bars.csv" in str(caught.value)
    assert "secret-folder-name" not in str(caught.value)


def test_metatrader_spread_points_become_price_units() -> None:
    bars = bars_of(samples.MT5, "Europe/Athens")
    assert bars.spread is not None
    assert bars.spread.tolist() == [0.00012, 0.00008, 0.0001]
    assert bars.volume.tolist() == [5, 6, 7]
    notes = read(samples.MT5, timezone="Europe/Athens").notes
    assert "times are read as Europe/Athens" in notes
    assert any("0.00001" in note for note in notes)


def test_metatrader_daily_bars_carry_the_day_at_midnight_utc() -> None:
    content = "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
    content += "2024.01.01\t1.10\t1.12\t1.09\t1.11\t5\t0\t12\n2024.01.02\t1.11\t1.13\t1.10\t1.12\t5\t0\t12\n"
    assert bars_of(content, "Europe/Athens").time_ms.tolist() == [FIRST_MS, FIRST_MS + 86_400_000]


def test_bybit_trades_are_ticks_with_milliseconds() -> None:
    ticks = ticks_of(samples.BYBIT_TRADES)
    assert ticks.time_ms.tolist() == [FIRST_MS + 123, FIRST_MS + 500, FIRST_MS + 59_999]
    assert ticks.price is not None
    assert ticks.price.tolist() == [42283.6, 42283.5, 42270.1]
    assert read(samples.BYBIT_TRADES).format is FileFormat.BYBIT
    assert ticks_of(samples.BYBIT_SPOT_TRADES).time_ms.tolist() == [FIRST_MS + 123, FIRST_MS + 500]


def test_metatrader_ticks_leave_out_the_side_that_did_not_change() -> None:
    content = (
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n"
        "2024.01.01\t02:00:00.001\t1.1\t1.2\t\t\t6\n"
        "2024.01.01\t02:00:00.001\t\t1.3\t\t\t4\n"
        "2024.01.01\t02:00:00.250\t1.15\t\t\t\t2\n"
    )
    found = read(content, timezone="Europe/Athens")
    assert isinstance(found.columns, TickColumns)
    assert found.columns.time_ms.tolist() == [FIRST_MS + 1, FIRST_MS + 1, FIRST_MS + 250]
    assert found.columns.bid is not None
    assert found.columns.ask is not None
    assert found.columns.bid.tolist() == [1.1, 1.1, 1.15]
    assert found.columns.ask.tolist() == [1.2, 1.3, 1.3]
    assert "not used: <LAST>, <VOLUME>, <FLAGS>" in found.notes
    with pytest.raises(BadData, match="row 1, column ask: is empty"):
        read(content.replace("1.1\t1.2", "1.1\t"), timezone="Europe/Athens")


def test_quotes_are_ticks() -> None:
    ticks = ticks_of(samples.QUOTES)
    assert ticks.bid is not None
    assert ticks.bid.tolist() == [1.1, 1.1, 1.15]
    assert ticks.price is None


@pytest.mark.parametrize(
    "header",
    [
        "Timestamp,O,H,L,C,V",
        "open_time,Open,High,Low,Close,Vol",
        "DATETIME,open price,HighPrice,low_price,close-price,tick_volume",
    ],
)
def test_names_that_people_use_are_known(header: str) -> None:
    content = header + samples.GENERIC[samples.GENERIC.index("\n") :]
    assert bars_of(content).close.tolist() == [101, 102, 103]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + samples.GENERIC,
        samples.GENERIC.replace("\n", "\r\n"),
        samples.GENERIC + "\n\n\n",
        "\n\n" + samples.GENERIC,
        samples.GENERIC.rstrip("\n"),
        samples.GENERIC.replace(",", "\t"),
        samples.GENERIC.replace(",", "|"),
        samples.GENERIC.replace("100", '"100"'),
        samples.GENERIC.replace(",", " , "),
    ],
    ids=["BOM", "CRLF", "blank end", "blank start", "no last newline", "tabs", "pipes", "quotes", "spaces"],
)  # fmt: skip
def test_harmless_forms_are_read(content: str) -> None:
    assert bars_of(content).time_ms.tolist() == TIMES


def test_a_missing_volume_is_zero_and_said_so() -> None:
    found = read("time,open,high,low,close\n1704067200000,1,2,1,2\n")
    assert isinstance(found.columns, BarColumns)
    assert found.columns.volume.tolist() == [0]
    assert "there is no volume column: volume is 0" in found.notes


def test_columns_that_are_not_used_are_named() -> None:
    found = read("time,open,high,low,close,volume,adj_close\n1704067200000,1,2,1,2,5,2\n")
    assert "not used: adj_close" in found.notes


HEADER = "time,open,high,low,close,volume\n"
TWO_VOLUMES = "time,open,high,low,close,volume,vol\n"
NO_UTF8_NAME = b"time,open,high,low,close,vol\xfcm\n"
GOOD_ROW = "1704067200000,100,102,99,101,5\n"

BAD_FILES: dict[str, tuple[str | bytes, str | None, str, int | None]] = {
    "empty": (b"", "data", "empty", None),
    "blank": ("\n\n", "data", "empty", None),
    "only a header": (HEADER, "data", "empty", None),
    "no header": (GOOD_ROW, "data", "missing_header", None),
    "wrong columns": ("a,b,c\n1,2,3\n", "open", "missing_column", None),
    "funding rates": ("time,funding_rate\n1704067200000,0.0001\n", "open", "missing_column", None),
    "no time": ("open,high,low,close\n1,2,1,2\n", "time", "missing_column", None),
    "two possible times": ("unix," + HEADER + "1," + GOOD_ROW, "time", "ambiguous_column", None),
    "two volumes": (TWO_VOLUMES + "1704067200000,1,2,1,2,5,5\n", "volume", "ambiguous_column", None),
    "a name twice": ("time,open,high,low,close,Open\n1704067200000,1,2,1,2,5\n", "open", "ambiguous_column", None),
    "wrong delimiter": (HEADER.replace(",", ":") + GOOD_ROW, "open", "missing_column", None),
    "too few cells": (HEADER + GOOD_ROW + "1704067260000,100,102\n", "data", "cells", 2),
    "too many cells": (HEADER + GOOD_ROW + "1704067260000,100,102,99,101,5,6\n", "data", "cells", 2),
    "text price": (HEADER + GOOD_ROW + "1704067260000,abc,102,99,101,5\n", "open", "not_a_number", 2),
    "empty price": (HEADER + GOOD_ROW + "1704067260000,100,102,99,,5\n", "close", "not_finite", 2),
    "NaN price": (HEADER + GOOD_ROW + "1704067260000,100,102,99,NaN,5\n", "close", "not_finite", 2),
    "infinite price": (HEADER + GOOD_ROW + "1704067260000,100,inf,99,100,5\n", "high", "not_finite", 2),
    "thousands separator": (HEADER + GOOD_ROW + '1704067260000,100,"1,102.5",99,101,5\n', "high", "not_a_number", 2),
    "decimal comma": (HEADER.replace(",", ";") + "1704067200000;100,5;102;99;101;5\n", "open", "not_a_number", 1),
    "negative price": (HEADER + GOOD_ROW + "1704067260000,100,102,-99,101,5\n", "low", "not_positive", 2),
    "zero price": (HEADER + GOOD_ROW + "1704067260000,0,102,0,101,5\n", "open", "not_positive", 2),
    "high below low": (HEADER + GOOD_ROW + "1704067260000,100,98,99,101,5\n", "high", "range", 2),
    "negative volume": (HEADER + GOOD_ROW + "1704067260000,100,102,99,101,-5\n", "volume", "negative", 2),
    "a row twice": (HEADER + GOOD_ROW + GOOD_ROW, "time", "duplicate", 2),
    "newest first": (HEADER + "1704067260000,100,102,99,101,5\n" + GOOD_ROW, "time", "unsorted", 2),
    "empty time": (HEADER + GOOD_ROW + ",100,102,99,101,5\n", "time", "time", 2),
    "text time": (HEADER + GOOD_ROW + "yesterday,100,102,99,101,5\n", "time", "time", 2),
    "only text times": (HEADER + "yesterday,100,102,99,101,5\n", "time", "time", 1),
    "American dates": (HEADER + "01/02/2024,100,102,99,101,5\n", "time", "time", 1),
    "seconds among milliseconds": (HEADER + GOOD_ROW + "1704067260,100,102,99,101,5\n", "time", "time_unit", 2),
    "a number that is no time": (HEADER + "44927.5,100,102,99,101,5\n", "time", "time_unit", 1),
    "no UTF-8 in the header": (NO_UTF8_NAME + b"1704067200000,1,2,1,2,5\n", "data", "encoding", None),
    "no UTF-8 in a row": ((HEADER + GOOD_ROW).encode() + b"1704067260000,1\xff,2,1,2,5\n", "open", "encoding", 2),
    "UTF-16": (samples.GENERIC.encode("utf-16"), "data", "file_type", None),
    "a ZIP file": (b"PK\x03\x04" + bytes(50), "data", "file_type", None),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "data", "file_type", None),
    "half a gzip file": (gzip.compress(samples.GENERIC.encode() * 50)[:-20], "data", "gzip", None),
    "a broken gzip file": (gzip.compress(samples.GENERIC.encode())[:12] + b"\xff" * 30, "data", "gzip", None),
    "half a Parquet file": (b"PAR1" + bytes(100), "data", "parquet", None),
    "two instruments": ("symbol," + HEADER + "A," + GOOD_ROW + "B," + GOOD_ROW, "symbol", "several_symbols", 2),
    "an unclosed quote": (HEADER + '"1704067200000,100,102,99,101,5\n', "data", "cells", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused_with_row_column_and_remedy(name: str) -> None:
    content, field, code, row = BAD_FILES[name]
    with pytest.raises(BadData) as caught:
        read(content)
    error = caught.value
    assert (error.errors[0].field, error.errors[0].code, error.row) == (field, code, row), str(error)
    assert str(error).startswith("bars.csv: ")
    assert error.remedy in str(error)


def test_a_metatrader_export_needs_its_servers_time_zone() -> None:
    with pytest.raises(BadData, match=r"trade server's clock.*name its time zone, such as Europe/Athens"):
        read(samples.MT5)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "EET EEST"])
def test_a_time_zone_that_does_not_exist_is_named(zone: str) -> None:
    with pytest.raises(BadData, match="there is no time zone") as caught:
        read(samples.MT5, timezone=zone)
    assert caught.value.field == "timezone"


def test_epoch_times_refuse_a_time_zone() -> None:
    with pytest.raises(BadData, match="epoch numbers count in UTC, so Europe/Athens cannot apply"):
        read(samples.GENERIC, timezone="Europe/Athens")


def test_a_format_that_is_another_is_refused() -> None:
    with pytest.raises(BadData, match="is csv, not mt5"):
        read_market_file(stream(samples.GENERIC), format="mt5")


class TestLimits:
    def test_a_gzip_bomb_is_cut_off_at_the_limit(self) -> None:
        bomb = gzip.compress(samples.GENERIC.encode() + b"\n" * 50_000_000)
        assert len(bomb) < 100_000
        with pytest.raises(BadData, match="more than 1000000 bytes") as caught:
            read_market_file(io.BytesIO(bomb), limits=Limits(unpacked_bytes=1_000_000))
        assert caught.value.errors[0].code == "too_large"

    def test_too_many_rows_are_refused(self) -> None:
        with pytest.raises(BadData, match="has 3 rows, the most is 2"):
            read_market_file(stream(samples.GENERIC), limits=Limits(rows=2))

    def test_a_parquet_file_is_refused_by_its_own_account_of_rows(self) -> None:
        table = pa.table({name: np.ones(100_000) for name in ("time", "open", "high", "low", "close", "volume")})
        file = io.BytesIO()
        parquet.write_table(table, file)
        with pytest.raises(BadData, match="has 100000 rows, the most is 99999"):
            read_market_file(file, limits=Limits(rows=99_999))
        with pytest.raises(BadData, match="more than 1000 bytes"):
            read_market_file(file, limits=Limits(unpacked_bytes=1_000))


class TestRepairs:
    def test_bad_rows_are_skipped_when_asked_and_counted(self) -> None:
        content = HEADER + GOOD_ROW + "1704067260000,abc,102,99,101,5\n1704067320000,1,0.5,1,2,5\nxx,1,2,1,2,5\n"
        found = read(content, repairs=(Repair.SKIP_BAD_ROWS,))
        assert len(found.columns) == 1
        assert found.repaired == {"skipped: open not_a_number": 1, "skipped: high range": 1, "skipped: time time": 1}

    def test_other_faults_stay_errors_with_their_row_in_the_file(self) -> None:
        content = HEADER + GOOD_ROW + "1704067260000,abc,102,99,101,5\n" + "1704067100000,1,2,1,2,5\n"
        with pytest.raises(BadData, match="row 3, column time: is earlier than the row before"):
            read(content, repairs=(Repair.SKIP_BAD_ROWS,))

    def test_repeated_bars_are_dropped_when_asked(self) -> None:
        content = HEADER + GOOD_ROW + GOOD_ROW + "1704067200000,50,52,49,51,5\n"
        found = read(content, repairs=(Repair.DROP_DUPLICATES,))
        assert isinstance(found.columns, BarColumns)
        assert found.columns.open.tolist() == [100]
        assert found.repaired == {"dropped as repeated": 1, "dropped with the same time and other numbers": 1}

    def test_rows_are_sorted_when_asked(self) -> None:
        content = HEADER + "1704067260000,1,2,1,2,5\n" + GOOD_ROW
        found = read(content, repairs=(Repair.SORT,))
        assert found.columns.time_ms.tolist() == TIMES[:2]
        assert found.repaired == {"moved by sorting": 2}

    def test_a_file_without_a_good_row_is_an_error(self) -> None:
        with pytest.raises(BadData, match="has no good rows"):
            read(HEADER + "1704067260000,abc,102,99,101,5\n", repairs=(Repair.SKIP_BAD_ROWS,))


def pandas_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {"Open": [100.0, 101, 102], "High": [102.0, 103, 104], "Low": [99.0, 100, 101], "Close": [101.0, 102, 103]},
        index=pd.to_datetime(TIMES, unit="ms"),
    )


class TestFrames:
    def test_a_pandas_frame_with_a_time_index(self) -> None:
        assert columns_of_frame(pandas_frame()).time_ms.tolist() == TIMES

    def test_a_pandas_frame_with_a_named_index_and_a_zone(self) -> None:
        frame = pandas_frame().tz_localize("UTC").tz_convert("America/New_York").rename_axis("Date")
        assert columns_of_frame(frame).time_ms.tolist() == TIMES

    def test_a_polars_frame(self) -> None:
        frame = pl.read_csv(io.StringIO(samples.GENERIC))
        bars = columns_of_frame(frame)
        assert bars.time_ms.tolist() == TIMES
        assert bars.volume.tolist() == [5, 6, 7]

    def test_a_polars_frame_with_text_and_datetimes(self) -> None:
        frame = pl.read_csv(io.StringIO(samples.ISO), separator=";", try_parse_dates=True).with_columns(
            pl.col("Open").cast(pl.String)
        )
        assert columns_of_frame(frame).open.tolist() == [100, 101, 102]

    def test_a_bad_frame_names_its_row(self) -> None:
        frame = pandas_frame()
        frame.loc[frame.index[1], "Close"] = np.nan
        with pytest.raises(BadData, match="the data frame: row 2, column close"):
            columns_of_frame(frame)

    def test_an_empty_frame_is_refused(self) -> None:
        with pytest.raises(BadData, match="has no rows"):
            columns_of_frame(pandas_frame().iloc[:0])

    def test_ticks_are_no_bars(self) -> None:
        with pytest.raises(BadData, match="holds ticks, no bars"):
            columns_of_frame(pl.read_csv(io.StringIO(samples.QUOTES)))

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    def test_a_parquet_file_of_any_time_unit(self, unit: str) -> None:
        table = pa.table(pandas_frame().reset_index(names="time"))
        table = table.set_column(0, "time", table["time"].cast(pa.timestamp(unit)))
        file = io.BytesIO()
        parquet.write_table(table, file)
        found = read_market_file(file)
        assert found.format is FileFormat.PARQUET
        assert found.columns.time_ms.tolist() == TIMES
