"""Files of market data as people upload them: CSV of every known kind, Parquet, gzip, and things that pretend to be."""

import gzip
import io
import zipfile
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st
from pyarrow import parquet

from edgerunner.backtest.columns import BadData, BarColumns
from edgerunner.storage.bar_files import FileFormat, MarketFile, read_market_file
from edgerunner.storage.market_files.byte_source import Limits
from edgerunner.storage.repairs import Repair
from tests.fuzz.damage import HOSTILE_TEXTS, damaged_bytes, rubbish
from tests.fuzz.declared import decoded, require
from tests.fuzz.target import Target, pure
from tests.unit.storage.market_samples import BYBIT_KLINES, BYBIT_SPOT_TRADES, BYBIT_TRADES, GENERIC, ISO, MT5, QUOTES

LIMITS = Limits(file_bytes=1 << 20, unpacked_bytes=1 << 20, rows=5_000)
TEXTS = (GENERIC, ISO, MT5, BYBIT_KLINES, BYBIT_TRADES, BYBIT_SPOT_TRADES, QUOTES)


def _parquet(**columns: Any) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


_prices = {name: [100.0, 101.0] for name in ("open", "high", "low", "close", "volume")}
TABLES = [
    _parquet(time=[1_704_067_200_000, 1_704_067_260_000], **_prices),
    _parquet(time=pa.array([1, 2], pa.timestamp("ns")), bid=["1.1", "x"], ask=[1.2, None]),
    _parquet(time=[b"a", b"b"], open=[[1], [2]], high=[{"a": 1}] * 2, low=[True, False], close=[None, None]),
]


def _zip(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return file.getvalue()


BOMBS = [
    gzip.compress(b"0" * (64 << 20)), gzip.compress(gzip.compress(b"time,open,high,low,close\n" * 100_000)),
    _zip(b"0" * (8 << 20)), b"PAR1" + b"\xff" * 100 + b"PAR1", b"time," * 50_000, b'"' * 100_000, b"\n" * 200_000,
    b"time,open,high,low,close\n" + b"1,2,3,4,5\n" * 50_000, b"\xef\xbb\xbf", gzip.compress(GENERIC.encode())[:-4],
]  # fmt: skip


@st.composite
def _csv(draw: st.DrawFn) -> bytes:
    """Draw a known file with cells replaced, rows repeated or swapped, and the line ends of somebody else."""
    rows = [line.split(",") for line in draw(st.sampled_from(TEXTS)).replace("\t", ",").replace(";", ",").splitlines()]
    for _ in range(draw(st.integers(0, 4))):
        row = draw(st.sampled_from(rows))
        row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(HOSTILE_TEXTS))[:500].replace("\n", "")
    if draw(st.booleans()):
        rows.append(list(draw(st.sampled_from(rows))))
    separator, end = draw(st.sampled_from((",", ";", "\t", "|"))), draw(st.sampled_from(("\n", "\r\n", "\r")))
    text = end.join(separator.join(row) for row in rows).encode(draw(st.sampled_from(("utf-8", "utf-8-sig", "utf-16"))))
    return gzip.compress(text) if draw(st.integers(0, 4)) == 0 else text


def _read(given: tuple[bytes, str | None, str | None, frozenset[Repair]]) -> None:
    """Whole, finite, ordered columns, or ``BadData`` that says why not; never more than the limits allow."""
    data, zone, kind, repairs = given
    found = decoded(
        read_market_file, io.BytesIO(data), name="a.csv", format=kind, timezone=zone, repairs=repairs, limits=LIMITS,
        error=BadData,
    )  # fmt: skip
    if found is None:
        return
    require(isinstance(found, MarketFile), "no market file")
    times = found.columns.time_ms
    require(0 < len(times) <= LIMITS.rows, f"{len(times)} rows")
    steps = np.diff(times)
    require(
        bool((steps > 0).all() if isinstance(found.columns, BarColumns) else (steps >= 0).all()), "rows out of order"
    )
    if isinstance(found.columns, BarColumns):
        for name in ("open", "high", "low", "close"):
            values = getattr(found.columns, name)
            require(len(values) == len(times) and bool(np.isfinite(values).all()), f"{name} is not whole")


_files = st.one_of(
    _csv(), _csv(), damaged_bytes([text.encode() for text in TEXTS]), damaged_bytes(TABLES),
    damaged_bytes([gzip.compress(GENERIC.encode())]), st.sampled_from(BOMBS), rubbish,
)  # fmt: skip
_zones = st.sampled_from(
    (None, None, "UTC", "Europe/Athens", "America/New_York", "../../etc/passwd", "\x00", "Etc/GMT-3")
)
_kinds = st.one_of(st.none(), st.none(), st.sampled_from(tuple(FileFormat)).map(str))
_repairs = st.frozensets(st.sampled_from(tuple(Repair)), max_size=2)

TARGETS: tuple[Target, ...] = (
    pure("market_files", "storage.bar_files: uploaded market data", st.tuples(_files, _zones, _kinds, _repairs), _read),
)
