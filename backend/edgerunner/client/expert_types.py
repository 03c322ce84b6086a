"""Shapes of the API's answers about Expert Advisors. No key is ever omitted; numbers of reports are decimal strings."""

from typing import TypedDict


class JournalLine(TypedDict):
    """One line of a terminal's journal."""

    time: str
    source: str
    text: str


class Hello(TypedDict):
    """What an EA said of itself."""

    expert: str
    version: str
    login: int
    server: str
    symbol: str
    period: str
    build: int
    demo: bool | None
    may_trade: bool


class Expert(TypedDict):
    """An EA; ``state``: ``started no_hello exited stopped attached`` (by hand: no terminal of ours, no process)."""

    expert_id: str
    terminal: str | None
    expert: str
    symbol: str
    period: str | None
    state: str
    connected: bool
    process_id: int | None
    exit_code: int | None
    hello: Hello | None
    started_at: str | None
    journal: list[JournalLine]


class Terminal(TypedDict):
    """A terminal that experts may be started in."""

    name: str
    environment: str
    is_running: bool
    experts: list[str]


class StrategyDeal(TypedDict):
    """One deal of a report."""

    time: str
    deal: str
    symbol: str
    kind: str
    direction: str
    volume: str | None
    price: str | None
    order: str
    commission: str | None
    swap: str | None
    profit: str | None
    balance: str | None
    comment: str


class Label(TypedDict):
    """A label of a report with its value, as written."""

    label: str
    value: str


class StrategyReport(TypedDict):
    """A report of the Strategy Tester."""

    language: str | None
    settings: dict[str, str]
    inputs: dict[str, str]
    metrics: dict[str, str]
    deals: list[StrategyDeal]
    raw: list[Label]


class ExpertRunError(TypedDict):
    """Why a run did not begin."""

    code: str
    detail: str


class ExpertRun(TypedDict):
    """A run of the Strategy Tester; ``state``: ``running completed no_report timed_out canceled failed``."""

    run_id: str
    terminal: str
    expert: str
    symbol: str
    period: str
    state: str
    started_at: str
    exit_code: int | None
    warnings: list[str]
    report: StrategyReport | None
    passes: list[dict[str, str]]
    journal: list[JournalLine]
    error: ExpertRunError | None
