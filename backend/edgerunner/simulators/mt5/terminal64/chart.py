"""A chart with one EA: its program runs beside the terminal, fed with ticks and trades, and its orders are sent.

Messages are those of ``mt5/shim/runtime.cpp``: fields apart by tabs, one message a line.
"""

import queue
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from edgerunner.simulators.mt5.terminal64.desk import Desk, Fields
from edgerunner.simulators.mt5.terminal64.folder import Journal

_POLL_S: Final = 0.1
_MOST_WAITING: Final = 1_000
_END_S: Final = 5.0
_REASON_CLOSE: Final = "9"
"""REASON_CLOSE: the terminal was closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSetup:
    """Which EA runs on which chart, and with what."""

    expert: str
    command: list[str]
    folder: Path
    symbol: str
    period: str
    inputs: Mapping[str, str]
    trade_allowed: bool
    trade_mode: int
    login: int
    server: str


class Chart:
    """Runs one EA until it ends or the terminal does."""

    def __init__(self, setup: ChartSetup, desk: Desk, journal: Journal, experts_journal: Journal) -> None:
        self._setup = setup
        self._desk = desk
        self._journal = journal
        self._experts_journal = experts_journal
        self._title = f"{setup.expert.rsplit(chr(92), maxsplit=1)[-1]} ({setup.symbol},{setup.period})"
        self._symbols = [setup.symbol]
        self._heard: queue.Queue[Fields | None] = queue.Queue(maxsize=_MOST_WAITING)
        self._last_tick: dict[str, str] = {}
        self._positions: dict[int, Any] = {}
        self._orders: dict[int, Any] = {}
        self._deals: set[int] = set()
        self._time_s = 0

    def run(self, is_ending: Callable[[], bool]) -> None:
        """Run the EA; returns when it has ended or ``is_ending``."""
        program = subprocess.Popen(  # noqa: S603 - the EA that the ini names, out of our own folder
            self._setup.command, cwd=self._setup.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert program.stdin is not None  # noqa: S101 - both are pipes
        assert program.stdout is not None  # noqa: S101
        reader = threading.Thread(target=self._read, args=(program.stdout,), daemon=True)
        reader.start()
        try:
            self._begin(program.stdin)
            while not is_ending() and self._turn(program.stdin):
                pass
            if is_ending():
                self._say(program.stdin, [["deinit", _REASON_CLOSE]])
                program.wait(_END_S)
        except (BrokenPipeError, ConnectionError, subprocess.TimeoutExpired) as error:
            self._journal.write("Experts", f"expert {self._title} stopped: {error}")
        finally:
            program.kill()
            program.wait()
            program.stdin.close()
            reader.join(_END_S)
            program.stdout.close()
            self._journal.write("Experts", f"expert {self._title} removed")

    def _begin(self, pipe: IO[bytes]) -> None:
        setup = self._setup
        self._desk.select(setup.symbol)
        numbers = [str(setup.trade_mode), str(self._desk.build()), str(int(setup.trade_allowed))]
        first = self._desk.tick_fields(setup.symbol)
        self._time_s = int(first[2]) // 1000 if first else 0
        self._deals = {deal.ticket for deal in self._desk.deals_since(self._time_s)}
        self._say(pipe, [["init", setup.symbol, setup.period, str(setup.login), setup.server, *numbers]])
        self._say(pipe, (["input", name, value] for name, value in setup.inputs.items()))
        self._say(pipe, self._news(are_new=False))
        self._say(pipe, [["start"]])

    def _turn(self, pipe: IO[bytes]) -> bool:
        """Take what the EA said, or tell it the news after a while; False = it has ended."""
        try:
            fields = self._heard.get(timeout=_POLL_S)
        except queue.Empty:
            self._say(pipe, self._news(are_new=True))
            return True
        return fields is not None and self._take(pipe, fields)

    def _take(self, pipe: IO[bytes], fields: Fields) -> bool:
        match fields:
            case ["ready"]:
                self._journal.write("Experts", f"expert {self._title} loaded successfully")
            case ["failed", code]:
                self._journal.write("Experts", f"initializing of {self._title} failed with code {code}")
                return False
            case ["print", *text]:
                self._experts_journal.write(self._title, " ".join(text))
            case ["select", symbol]:
                ok = self._desk.select(symbol)
                if ok and symbol not in self._symbols:
                    self._symbols.append(symbol)
                self._say(pipe, [["selected", str(int(ok))]])
            case ["send", *request]:
                self._send(pipe, request)
        return True

    def _send(self, pipe: IO[bytes], request: Fields) -> None:
        if self._setup.trade_allowed:
            result = self._desk.send(request)
        else:
            result = ["result", "0", "10027", "0", "0", "0", "0", "0", "0", "AutoTrading disabled by client", "0"]
        about = ["0", result[4], request[3], request[10], "0", "0", request[5], "0", request[7], request[8], request[4]]
        told = ["transaction", "TRADE_TRANSACTION_REQUEST", *about, "0", "0", result[2], result[10]]
        self._say(pipe, [result, *self._news(are_new=True), told])

    def _news(self, *, are_new: bool) -> list[Fields]:
        """Return account, positions, orders, ticks and, when they are new, the transactions that led there."""
        found: list[Fields] = []
        for symbol in self._symbols:
            tick = self._desk.tick_fields(symbol)
            if tick is not None and self._last_tick.get(symbol) != tick[2]:
                self._last_tick[symbol] = tick[2]
                self._time_s = max(self._time_s, int(tick[2]) // 1000)
                found.append(tick)
        positions, orders = self._desk.positions(), self._desk.orders()
        transactions = self._transactions(positions, orders)
        self._positions, self._orders = positions, orders
        found += [self._desk.account_fields(), ["positions"], *map(_position, positions.values())]
        found += [["orders"], *map(_order, orders.values())]
        return [*found, *transactions] if are_new else found

    def _transactions(self, positions: Mapping[int, Any], orders: Mapping[int, Any]) -> list[Fields]:
        told = [_order_change("ORDER_ADD", orders[ticket]) for ticket in orders.keys() - self._orders.keys()]
        for deal in self._desk.deals_since(self._time_s):
            if deal.ticket not in self._deals:
                self._deals.add(deal.ticket)
                told.append(_deal_added(deal))
        told += [_order_change("ORDER_DELETE", self._orders[gone]) for gone in self._orders.keys() - orders.keys()]
        told += [
            _position_changed(held)
            for ticket, held in positions.items()
            if (before := self._positions.get(ticket)) is not None and (before.sl, before.tp) != (held.sl, held.tp)
        ]
        return told

    def _read(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            self._heard.put(line.decode(errors="replace").rstrip("\r\n").split("\t"))
        self._heard.put(None)

    def _say(self, pipe: IO[bytes], messages: Iterable[Fields]) -> None:
        for fields in messages:
            pipe.write("\t".join(fields).encode() + b"\n")
        pipe.flush()


def _position(row: Any) -> Fields:
    numbers = [repr(value) for value in (row.volume, row.price_open, row.sl, row.tp, row.profit)]
    return ["position", str(row.ticket), row.symbol, str(row.type), str(row.magic), *numbers, row.comment]


def _order(row: Any) -> Fields:
    numbers = [repr(row.volume_current), repr(row.price_open)]
    return ["order", str(row.ticket), row.symbol, str(row.type), str(row.magic), *numbers, row.comment]


def _deal_added(deal: Any) -> Fields:
    head = ["transaction", "TRADE_TRANSACTION_DEAL_ADD", str(deal.ticket), str(deal.order), deal.symbol, "0", "0"]
    tail = [str(deal.type), repr(deal.price), "0", "0", "0", repr(deal.volume), str(deal.position_id), "0", "0", "0"]
    return [*head, *tail]


def _order_change(kind: str, order: Any) -> Fields:
    head = ["transaction", f"TRADE_TRANSACTION_{kind}", "0", str(order.ticket), order.symbol, str(order.type)]
    prices = [repr(value) for value in (order.price_open, order.price_stoplimit, order.sl, order.tp)]
    return [*head, str(order.state), "0", *prices, repr(order.volume_current), "0", "0", "0", "0"]


def _position_changed(held: Any) -> Fields:
    head = ["transaction", "TRADE_TRANSACTION_POSITION", "0", "0", held.symbol, "0", "0", str(held.type)]
    prices = [repr(value) for value in (held.price_open, 0.0, held.sl, held.tp)]
    return [*head, *prices, repr(held.volume), str(held.ticket), "0", "0", "0"]
