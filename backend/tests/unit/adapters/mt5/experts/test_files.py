"""The ini and preset a terminal reads: every key checked, CR LF, both encodings."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.adapters.mt5.experts.files import (
    IniEncoding,
    backtest_sections,
    encode_ini,
    encode_preset,
    expert_problem,
    launch_sections,
)
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.experts import (
    BacktestRequest,
    ChartPeriod,
    Forward,
    InputRange,
    LaunchRequest,
    Optimization,
    TickModel,
)

LAUNCH = LaunchRequest(terminal="lab", expert="Examples/MACD Sample", symbol="EURUSD", period=ChartPeriod.M15)
BACKTEST = BacktestRequest(
    terminal="lab",
    expert="Own/Cross",
    symbol="GOLD#",
    from_date=date(2026, 1, 2),
    to_date=date(2026, 3, 4),
    period=ChartPeriod.D1,
    model=TickModel.OPEN_PRICES,
    deposit=Decimal("2500.50"),
    leverage=30,
)
SPAN = InputRange(start=Decimal(1), step=Decimal(1), stop=Decimal(3))


def test_a_launch_opens_one_chart_and_allows_no_trading_unless_asked() -> None:
    sections = launch_sections(LAUNCH, preset="ea-1.set", login=1000001)
    assert sections["StartUp"] == {
        "Expert": "Examples\\MACD Sample",
        "Symbol": "EURUSD",
        "Period": "M15",
        "ExpertParameters": "ea-1.set",
    }
    assert sections["Experts"]["AllowLiveTrading"] == "0"
    assert sections["Experts"]["AllowDllImport"] == "0"
    assert sections["Common"]["Login"] == "1000001"
    assert "Password" not in sections["Common"]
    trading = launch_sections(replace(LAUNCH, allow_trading=True), preset=None)
    assert trading["Experts"]["AllowLiveTrading"] == "1"
    assert "ExpertParameters" not in trading["StartUp"]


def test_a_test_ends_its_terminal_and_uses_no_cloud() -> None:
    tester = backtest_sections(BACKTEST, preset="run.set", report="run", login=None)["Tester"]
    assert tester["ShutdownTerminal"] == "1"
    assert (tester["UseRemote"], tester["UseCloud"], tester["Visual"]) == ("0", "0", "0")
    assert (tester["FromDate"], tester["ToDate"]) == ("2026.01.02", "2026.03.04")
    assert (tester["Model"], tester["Period"], tester["Deposit"]) == ("2", "D1", "2500.5")
    assert (tester["Leverage"], tester["Report"], tester["Symbol"]) == ("1:30", "run", "GOLD#")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to_date": date(2026, 1, 2)}, "to_date"),
        ({"deposit": Decimal(0)}, "deposit"),
        ({"deposit": Decimal("Infinity")}, "deposit"),
        ({"currency": "usd"}, "currency"),
        ({"leverage": 0}, "leverage"),
        ({"execution_delay_ms": 600_001}, "execution_delay_ms"),
        ({"execution_delay_ms": -2}, "execution_delay_ms"),
        ({"ranges": {"Fast": SPAN}}, "ranges"),
        ({"optimization": Optimization.COMPLETE}, "ranges"),
        ({"forward": Forward.CUSTOM}, "forward_date"),
        ({"forward_date": date(2026, 2, 1)}, "forward_date"),
        ({"forward": Forward.CUSTOM, "forward_date": date(2027, 2, 1)}, "forward_date"),
        ({"expert": "..\\..\\evil"}, "expert"),
        ({"symbol": "EUR\r\n[Common]"}, "symbol"),
    ],
)
def test_what_the_tester_would_not_take_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        backtest_sections(replace(BACKTEST, **changes), preset=None, report="run", login=None)
    assert [error.field for error in caught.value.errors] == [field]


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../x", "a/../b", "a\\..\\b", "C:\\x", "a//b", "x.ex5", "a\nb", "a/", " a", "a."]
)
def test_a_name_that_leaves_the_experts_folder_is_none(name: str) -> None:
    assert expert_problem(name) is not None


def test_an_ini_has_crlf_and_is_ascii_unless_set_otherwise() -> None:
    sections = {"Common": {"Login": "1"}, "StartUp": {"Symbol": "EURUSD"}}
    assert encode_ini(sections) == b"[Common]\r\nLogin=1\r\n[StartUp]\r\nSymbol=EURUSD\r\n"
    wide = encode_ini(sections, IniEncoding.UTF_16)
    assert wide[:2] == b"\xff\xfe"
    assert wide.decode("utf-16") == "[Common]\r\nLogin=1\r\n[StartUp]\r\nSymbol=EURUSD\r\n"


def test_text_that_ascii_cannot_carry_needs_the_other_encoding() -> None:
    with pytest.raises(InvalidRequest, match="utf-16"):
        encode_ini({"StartUp": {"Expert": "Größe"}})
    assert "Größe" in encode_ini({"StartUp": {"Expert": "Größe"}}, IniEncoding.UTF_16).decode("utf-16")


def test_no_value_can_open_a_section_of_its_own() -> None:
    with pytest.raises(InvalidRequest):
        encode_ini({"Common": {"Server": "x\r\n[Tester]"}})


def test_a_preset_is_utf16_with_its_mark() -> None:
    assert encode_preset(["A=1", "B=ü"]) == b"\xff\xfe" + "A=1\r\nB=ü\r\n".encode("utf-16-le")
