"""The stand-in of ``EdgerunnerBridge`` for machines without g++: hello, ticks, transactions, ping, account, positions.

It is no copy of the EA: the EA itself is exercised through ``mt5/shim``. It places no orders.
"""

import json
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

_MOST_WAITING: Final = 1_000
_BACK_OFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_HEARTBEAT_S: Final = 2.0

_POSITION: Final = ("ticket", "symbol", "type", "magic", "volume", "price_open", "sl", "tp", "profit", "comment")

Fields = list[str]


class LinkExpert:
    """One EA: the terminal speaks on stdin, the link on a socket."""

    def __init__(self, say: Callable[..., None]) -> None:
        self._say = say
        self._inputs: dict[str, str] = {}
        self._chart: Fields = []
        self._account: Fields = []
        self._positions: list[Fields] = []
        self._socket: socket.socket | None = None
        self._inbox = b""
        self._is_welcome = False
        self._seq = 0
        self._failures = 0
        self._retry_at = self._sent_at = 0.0

    def take(self, fields: Fields) -> bool:
        """Take a message of the terminal; False = the EA is to end."""
        match fields:
            case ["init", *chart]:
                self._chart = chart
            case ["input", name, value]:
                self._inputs[name] = value
            case ["start"]:
                self._say("ready")
            case ["account", *account]:
                self._account = account
            case ["positions"]:
                self._positions = []
            case ["position", *position]:
                self._positions.append(position)
            case ["tick", *tick] if self._inputs.get("InpPushTicks", "true") == "true":
                numbers = {
                    "time_msc": int(tick[1]),
                    "bid": float(tick[2]),
                    "ask": float(tick[3]),
                    "last": float(tick[4]),
                }
                self.push("tick", symbol=tick[0], **numbers, volume=float(tick[5]), flags=int(tick[6]))
            case ["transaction", *told]:
                self.push("transaction", **_transaction(told))
            case ["deinit", reason]:
                self.push("goodbye", reason=int(reason))
                return False
        return True

    def timer(self) -> None:
        """Connect, read, keep alive."""
        now = time.monotonic()
        if self._socket is None:
            if now >= self._retry_at:
                self._connect()
            return
        self._receive()
        if self._is_welcome and now - self._sent_at > _HEARTBEAT_S:
            self.push("heartbeat", time_msc=0)

    def push(self, kind: str, **members: Any) -> None:
        """Send a numbered line; one that cannot be sent leaves a hole."""
        self._seq += 1
        if self._is_welcome or kind == "hello":
            self._write({"type": kind, "seq": self._seq, **members})

    def _connect(self) -> None:
        address = self._inputs.get("InpBridgeHost", "127.0.0.1"), int(self._inputs.get("InpBridgePort", "0"))
        try:
            self._socket = socket.create_connection(address, timeout=3)
        except OSError as error:
            self._drop(f"no connection to {address[0]}:{address[1]}: {error}")
            return
        self._socket.setblocking(False)  # noqa: FBT003 - the name says it
        symbol, period, login, server, trade_mode, build, _ = self._chart
        texts = {"token": self._inputs.get("InpBridgeToken", ""), "session": self._inputs.get("InpSession", "")}
        self.push(
            "hello",
            protocol=1,
            **texts,
            expert="EdgerunnerBridge",
            version="stand-in",
            build=int(build),
            login=int(login),
            server=server,
            demo=trade_mode != "2",
            trade=False,
            symbol=symbol,
            period=f"PERIOD_{period}",
        )

    def _receive(self) -> None:
        assert self._socket is not None  # noqa: S101 - the timer has looked
        try:
            data = self._socket.recv(65_536)
        except BlockingIOError:
            return
        except OSError as error:
            self._drop(str(error))
            return
        if not data:
            self._drop("the link closed the connection")
            return
        *lines, self._inbox = (self._inbox + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))

    def _obey(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "welcome"}:
                self._is_welcome, self._failures = True, 0
                self._say("print", "EA link: connected")
            case {"type": "refused", "code": code}:
                self._drop(f"refused: {code}")
            case {"type": "command", "id": number, "name": name}:
                result = self._result(name)
                error = "" if result is not None else f"unknown command {name}"
                self.push("reply", id=number, ok=result is not None, result=result or {}, error=error)

    def _result(self, name: str) -> dict[str, object] | None:
        match name:
            case "ping":
                return {"time": 0}
            case "account":
                names = ("balance", "equity", "margin", "margin_free", "currency")
                known = dict(zip(names, self._account, strict=False))
                return {"login": int(self._chart[2]), "server": self._chart[3], **known}
            case "positions":
                return {"positions": [dict(zip(_POSITION, row, strict=False)) for row in self._positions]}
        return None

    def _write(self, message: dict[str, Any]) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            self._drop(str(error))
        self._sent_at = time.monotonic()

    def _drop(self, why: str) -> None:
        self._say("print", f"EA link: {why}")
        if self._socket is not None:
            self._socket.close()
        self._socket, self._inbox, self._is_welcome = None, b"", False
        self._retry_at = time.monotonic() + _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
        self._failures += 1


def _transaction(told: Fields) -> dict[str, Any]:
    whole = {
        1: "deal",
        2: "order",
        4: "order_type",
        5: "order_state",
        6: "deal_type",
        12: "position",
        13: "position_by",
    }
    whole |= {14: "retcode", 15: "request_id"}
    prices = {7: "price", 8: "price_trigger", 9: "sl", 10: "tp", 11: "volume"}
    numbers = {name: int(told[place]) for place, name in whole.items()}
    return {"kind": told[0], "symbol": told[3], **numbers, **{name: float(told[at]) for at, name in prices.items()}}


def main() -> None:
    """Run until stdin ends or the terminal says so."""
    heard: queue.Queue[Fields | None] = queue.Queue(maxsize=_MOST_WAITING)

    def read() -> None:
        for line in sys.stdin.buffer:
            heard.put(line.decode().rstrip("\r\n").split("\t"))
        heard.put(None)

    def say(*fields: str) -> None:
        sys.stdout.buffer.write("\t".join(fields).encode() + b"\n")
        sys.stdout.buffer.flush()

    threading.Thread(target=read, daemon=True).start()
    expert = LinkExpert(say)
    while True:
        try:
            fields = heard.get(timeout=0.05)
        except queue.Empty:
            expert.timer()
            continue
        if fields is None or not expert.take(fields):
            return


if __name__ == "__main__":
    main()
