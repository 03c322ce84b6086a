"""The files a terminal reads when it starts: ini and ``.set``.

Whether an ini must be ASCII or UTF-16 is disputed among users (protocol notes, section 4), so it is a setting; lines
end with CR LF in both. Presets are UTF-16LE with a byte order mark, as the terminal writes them itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.experts import BacktestRequest, Forward, LaunchRequest, Optimization
from edgerunner.domain.numbers import to_plain

Section = Mapping[str, str]

_EXPERT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .()-]*(?:[/\\][A-Za-z0-9_][A-Za-z0-9_ .()-]*)*")
_SYMBOL = re.compile(r"[\x21-\x7e]{1,31}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class IniEncoding(StrEnum):
    """How an ini is written; UTF-16 is little endian with a byte order mark."""

    ASCII = "ascii"
    UTF_16 = "utf-16"


def encode_ini(sections: Mapping[str, Section], encoding: IniEncoding = IniEncoding.ASCII) -> bytes:
    """Return an ini's bytes. Raises ``InvalidRequest`` for a value with a line break, or not of the encoding."""
    lines: list[str] = []
    for name, keys in sections.items():
        lines += [f"[{name}]", *(f"{key}={_one_line(key, value)}" for key, value in keys.items())]
    text = "\r\n".join([*lines, ""])
    if encoding is IniEncoding.UTF_16:
        return b"\xff\xfe" + text.encode("utf-16-le")
    try:
        return text.encode("ascii")
    except UnicodeEncodeError as error:
        raise InvalidRequest.of(
            "encoding", "not_ascii", f"{error.object[error.start : error.end]!r} needs the ini encoding utf-16"
        ) from None


def encode_preset(lines: Iterable[str]) -> bytes:
    """Return the bytes of a ``.set`` file."""
    return b"\xff\xfe" + "\r\n".join([*lines, ""]).encode("utf-16-le")


def _one_line(key: str, value: str) -> str:
    if any(ord(character) < 32 for character in value):
        raise InvalidRequest.of(key, "bad_text", "must hold no line break and no control character")
    return value


def expert_problem(expert: str) -> str | None:
    """Say why this is no name below ``MQL5/Experts``; None = it is one. No dots that climb, no extension."""
    parts = re.split(r"[/\\]", expert)
    if not _EXPERT.fullmatch(expert) or any(part.strip(". ") != part for part in parts):
        return "must be a path below MQL5/Experts, such as Examples/MACD Sample"
    return "must be named without .ex5" if expert.lower().endswith((".ex5", ".mq5")) else None


def require_chart(expert: str, symbol: str) -> None:
    """Raise ``InvalidRequest`` unless expert and symbol can stand in an ini."""
    if problem := expert_problem(expert):
        raise InvalidRequest.of("expert", "bad_name", problem)
    if not _SYMBOL.fullmatch(symbol):
        raise InvalidRequest.of("symbol", "bad_name", "must be a symbol's name as the broker writes it, without spaces")


def launch_sections(request: LaunchRequest, *, preset: str | None, login: int | None = None) -> dict[str, Section]:
    """Return the ini that opens one chart with one EA; ``preset`` is a file in ``MQL5/Presets``.

    No password is written: the terminal logs on with the account it remembers.
    """
    require_chart(request.expert, request.symbol)
    common = {"NewsEnable": "0"} if login is None else {"Login": str(login), "NewsEnable": "0"}
    start = {"Expert": _backslashes(request.expert), "Symbol": request.symbol, "Period": request.period.value}
    return {
        "Common": common,
        "Experts": {
            "AllowLiveTrading": _flag(request.allow_trading),
            "AllowDllImport": "0",
            "Enabled": "1",
            "Account": "0",
            "Profile": "0",
        },
        "StartUp": start if preset is None else {**start, "ExpertParameters": preset},
    }


def backtest_sections(
    request: BacktestRequest, *, preset: str | None, report: str, login: int | None = None
) -> dict[str, Section]:
    """Return the ini of a tester run that ends the terminal; ``preset`` is a file in ``MQL5/Profiles/Tester``.

    Raises ``InvalidRequest`` for keys that contradict each other or that MT5 does not take.
    """
    require_chart(request.expert, request.symbol)
    _require_tester(request)
    common = {"NewsEnable": "0"} if login is None else {"Login": str(login), "NewsEnable": "0"}
    tester = {
        "Expert": _backslashes(request.expert),
        "Symbol": request.symbol,
        "Period": request.period.value,
        "Model": str(request.model.value),
        "ExecutionMode": str(request.execution_delay_ms),
        "Optimization": str(request.optimization.value),
        "OptimizationCriterion": str(request.criterion.value),
        "FromDate": request.from_date.strftime("%Y.%m.%d"),
        "ToDate": request.to_date.strftime("%Y.%m.%d"),
        "ForwardMode": str(request.forward.value),
        "Report": report,
        "ReplaceReport": "1",
        "ShutdownTerminal": "1",
        "Deposit": to_plain(request.deposit),
        "Currency": request.currency,
        "Leverage": f"1:{request.leverage}",
        "UseLocal": "1",
        "UseRemote": "0",
        "UseCloud": "0",
        "Visual": "0",
    }
    if request.forward_date is not None:
        tester["ForwardDate"] = request.forward_date.strftime("%Y.%m.%d")
    if preset is not None:
        tester["ExpertParameters"] = preset
    return {"Common": common, "Tester": tester}


def _require_tester(request: BacktestRequest) -> None:
    problems: Sequence[tuple[str, bool, str]] = (
        ("to_date", request.to_date <= request.from_date, "must lie after from_date"),
        ("deposit", not request.deposit.is_finite() or request.deposit <= 0, "must be greater than 0"),
        ("currency", not _CURRENCY.fullmatch(request.currency), "must be three capital letters"),
        ("leverage", not 1 <= request.leverage <= 10_000, "must be from 1 to 10000"),
        ("execution_delay_ms", not -1 <= request.execution_delay_ms <= 600_000, "must be from -1 to 600000"),
        ("ranges", request.optimization is Optimization.OFF and bool(request.ranges), "needs an optimization"),
        (
            "ranges",
            request.optimization in {Optimization.COMPLETE, Optimization.GENETIC} and not request.ranges,
            "must name what the optimization tries",
        ),
        (
            "forward_date",
            (request.forward is Forward.CUSTOM) != (request.forward_date is not None),
            "belongs to forward custom, and to it alone",
        ),
        (
            "forward_date",
            request.forward_date is not None and not request.from_date < request.forward_date < request.to_date,
            "must lie between from_date and to_date",
        ),
    )
    for field, is_wrong, message in problems:
        if is_wrong:
            raise InvalidRequest.of(field, "out_of_range", message)


def _backslashes(expert: str) -> str:
    return expert.replace("/", "\\")


def _flag(value: bool) -> str:  # noqa: FBT001 - a conversion of the flag itself
    return "1" if value else "0"
