"""Small files of market data in the forms that people have."""

import gzip
import io
from pathlib import Path
from typing import BinaryIO

from edgerunner.storage.bar_files import MarketFile, read_market_file
from edgerunner.storage.repairs import Repair

FIRST_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC
MINUTE_MS = 60_000

GENERIC = """time,open,high,low,close,volume
1704067200000,100,102,99,101,5
1704067260000,101,103,100,102,6
1704067320000,102,104,101,103,7
"""
ISO = """Date;Open;High;Low;Close;Volume
2024-01-01 00:00:00;100;102;99;101;5
2024-01-01 00:01:00;101;103;100;102;6
2024-01-01 00:02:00;102;104;101;103;7
"""
MT5 = (
    "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
    "2024.01.01\t02:00:00\t1.10000\t1.10020\t1.09990\t1.10010\t5\t0\t12\n"
    "2024.01.01\t02:01:00\t1.10010\t1.10030\t1.10000\t1.10020\t6\t0\t8\n"
    "2024.01.01\t02:02:00\t1.10020\t1.10040\t1.10010\t1.10030\t7\t0\t10\n"
)
BYBIT_KLINES = """2024.01.01 03:00,100,102,99,101,5
2024.01.01 03:01,101,103,100,102,6
2024.01.01 03:02,102,104,101,103,7
"""
BYBIT_TRADES = """timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional
1704067200.1234,BTCUSDT,Buy,0.012,42283.60,ZeroPlusTick,a,5.07e+10,0.012,507.4
1704067200.5,BTCUSDT,Sell,0.500,42283.50,MinusTick,b,2.11e+12,0.5,21141.75
1704067259.999,BTCUSDT,Sell,0.100,42270.10,MinusTick,c,4.22e+11,0.1,4227.01
"""
BYBIT_SPOT_TRADES = """id,timestamp,price,volume,side,rpi
1,1704067200123,42283.6,0.012,buy,0
2,1704067200500,42283.5,0.5,sell,0
"""
QUOTES = """time,bid,ask
1704067200000,1.1,1.2
1704067200000,1.1,1.3
1704067200250,1.15,1.25
"""


def stream(content: str | bytes, *, packed: bool = False) -> BinaryIO:
    """Return a file of a content."""
    raw = content.encode() if isinstance(content, str) else content
    return io.BytesIO(gzip.compress(raw) if packed else raw)


def read(content: str | bytes, *, timezone: str | None = None, repairs: tuple[Repair, ...] = ()) -> MarketFile:
    """Read a content as the file ``bars.csv``."""
    return read_market_file(stream(content), name="bars.csv", timezone=timezone, repairs=repairs)


def shared_market_data() -> Path:
    """Return where the recorded market data lies beside the repository; it may not exist."""
    return Path(__file__).resolve().parents[5] / "shared" / "market_data"
