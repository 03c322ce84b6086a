"""Recorded conversations with a real gateway: what the client asked, and in which words the gateway answered."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgerunner.simulators.tws.wire.account import AccountSummaryEnd, AccountSummaryRow
from edgerunner.simulators.tws.wire.contracts import ContractDetails, ContractDetailsEnd
from edgerunner.simulators.tws.wire.executions import CommissionReport, ExecutionDetails, ExecutionDetailsEnd
from edgerunner.simulators.tws.wire.history_messages import HistoricalData, HistoricalSchedule
from edgerunner.simulators.tws.wire.orders import (
    CompletedOrder,
    CompletedOrdersEnd,
    OpenOrder,
    OpenOrderEnd,
    OrderStatus,
)
from edgerunner.simulators.tws.wire.session import ErrorMessage

SHARED = Path(__file__).resolve().parents[5] / "shared"
FOLDER = SHARED / "recorded" / "ibkr" / "ibkr-go"
Words = tuple[str, ...]
Fields = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request, and the words of all answers up to the next one."""

    name: str
    fields: Fields
    answers: tuple[Words, ...]

    @property
    def statuses(self) -> list[Words]:
        return [words for words in self.answers if words[0] == "order_status"]

    def count(self, name: str) -> int:
        return sum(words[0] == name for words in self.answers)


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One connection."""

    client_id: int
    next_order_id: int
    steps: tuple[Step, ...]


def legs_of(name: str) -> list[Leg]:
    """Return the connections of a transcript; skips the test where the recordings are absent."""
    file = FOLDER / f"{name}.txt"
    if not file.exists():
        pytest.skip(f"the recorded transcripts are not beside the repository: {file.name}")
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    starts = [place for place, line in enumerate(lines) if line.startswith("handshake")]
    return [_leg(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.txt"))


def _leg(lines: list[str]) -> Leg:
    told = [(name, fields) for side, name, fields in _messages(lines) if side == "server"]
    first_id = next(int(fields["order_id"]) for name, fields in told if name == "next_valid_id")
    owners = [int(fields["client_id"]) for name, fields in told if name == "order_status"]
    return Leg(client_id=owners[0] if owners else 1, next_order_id=first_id, steps=tuple(_steps(lines)))


def _steps(lines: list[str]) -> Iterator[Step]:
    asked: tuple[str, Fields] | None = None
    answers: list[Words] = []
    for side, name, fields in _messages(lines):
        if side == "client":
            if asked is not None:
                yield Step(name=asked[0], fields=asked[1], answers=tuple(answers))
            asked, answers = (name, fields), []
        elif asked is not None:
            answers.append(words_of(name, fields))
    if asked is not None:
        yield Step(name=asked[0], fields=asked[1], answers=tuple(answers))


def _messages(lines: list[str]) -> Iterator[tuple[str, str, Fields]]:
    for line in lines:
        side, _, rest = line.partition(" ")
        name, _, text = rest.partition(" ")
        if side in {"client", "server"}:
            yield side, name, json.loads(text)
        elif side == "raw":
            yield "server", *_raw(text)


def _raw(text: str) -> tuple[str, Fields]:
    """Only completed orders were kept as frames; of their fields the words are taken from the known places."""
    fields = base64.b64decode(text)[4:].decode().split("\0")
    if fields[0] == "102":
        return "completed_order_end", {}
    assert fields[0] == "101"
    return "completed_order", {"action": fields[12], "order_type": fields[14], "status": fields[76]}


def words_of(name: str, fields: Fields) -> Words:
    """Return what is compared of a recorded message: no ids, dates and prices."""
    match name:
        case "historical_bar":
            return (name, fields["time"].split()[1])
        case "historical_schedule":
            return (name, fields["time_zone"], _clock(fields["start_date_time"]), _clock(fields["end_date_time"]))
        case _:
            return (name, *(str(fields.get(each, "")) for each in WORDS.get(name, ())))


def told_words(message: object) -> Iterator[Words]:
    """Yield the same words of our own messages: bars, which come together here, one by one and with their end."""
    match message:
        case OpenOrder(order=order):
            yield ("open_order", order.action, order.order_type, order.time_in_force)
        case OrderStatus():
            yield ("order_status", message.status, message.why_held, f"{message.filled:f}", f"{message.remaining:f}")
        case ExecutionDetails():
            yield ("execution_detail", message.side, f"{message.shares:f}")
        case CompletedOrder(order=order, margin=margin):
            yield ("completed_order", order.action, order.order_type, margin.status)
        case ErrorMessage():
            yield ("api_error", str(message.code))
        case AccountSummaryRow():
            yield ("account_summary", message.tag)
        case ContractDetails():
            yield (
                "contract_details",
                message.market_name,
                f"{message.min_tick:f}",
                message.long_name,
                message.time_zone,
            )
        case HistoricalData():
            yield from (("historical_bar", bar.date.split()[1]) for bar in message.bars)
            yield ("historical_bars_end",)
        case HistoricalSchedule():
            yield ("historical_schedule", message.time_zone, _clock(message.start), _clock(message.end))
        case _:
            yield (NAMES[type(message)],)


def _clock(moment: str) -> str:
    return moment.partition("-")[2]


NAMES: Mapping[type, str] = {
    CommissionReport: "commission_report",
    OpenOrderEnd: "open_order_end",
    CompletedOrdersEnd: "completed_order_end",
    AccountSummaryEnd: "account_summary_end",
    ContractDetailsEnd: "contract_details_end",
    ExecutionDetailsEnd: "executions_end",
}


WORDS: Mapping[str, tuple[str, ...]] = {
    "open_order": ("action", "order_type", "tif"),
    "order_status": ("status", "why_held", "filled", "remaining"),
    "execution_detail": ("side", "shares"),
    "completed_order": ("action", "order_type", "status"),
    "api_error": ("code",),
    "account_summary": ("tag",),
    "contract_details": ("market_name", "min_tick", "long_name", "time_zone_id"),
}
