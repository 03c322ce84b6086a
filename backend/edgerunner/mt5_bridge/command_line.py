"""The command: options and environment to settings, and the bridge until SIGINT or SIGTERM.

Exit codes: 0 ok, 1 failed, 2 usage, 3 port in use, 4 refused.
"""

import argparse
import asyncio
import contextlib
import errno
import json
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import FrameType
from typing import Final

from edgerunner.mt5_bridge.kill_switch import KillSwitch
from edgerunner.mt5_bridge.order_store import StoreInUse
from edgerunner.mt5_bridge.server import BindRefused, BridgeServer, is_loopback
from edgerunner.mt5_bridge.settings import AccountSettings, BridgeSettings, TradeLimits
from edgerunner.mt5_bridge.terminal_module import ModuleUnusable
from edgerunner.mt5_bridge.tokens import TokenUnusable, configured_tokens, own_token

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
IN_USE: Final = 3
REFUSED: Final = 4

PASSWORD: Final = "EDGERUNNER_MT5_PASSWORD"  # noqa: S105 - the name of a variable
SERVER: Final = "EDGERUNNER_MT5_SERVER"
EA_TOKEN: Final = "EDGERUNNER_MT5_EA_TOKEN"  # noqa: S105 - the name of a variable


class _Ended(Exception):
    """The command cannot go on; the message is a sentence that says what to do."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        return _run(options)
    except _Ended as ended:
        print(ended, file=sys.stderr, flush=True)  # noqa: T201 - a command speaks
        if options.json:
            _event(event="error", exit_code=ended.code, detail=str(ended))
        return ended.code


def settings_of(options: argparse.Namespace, environment: Mapping[str, str]) -> tuple[BridgeSettings, Path | None]:
    """Return the settings, and the file of a token that the bridge made itself.

    Raises ``TokenUnusable``, ``BindRefused``, ``OSError``.
    """
    tokens, made = configured_tokens(options.token_file, environment), None
    if not tokens:
        if not is_loopback(options.host):
            raise BindRefused(f"{options.host} can be reached by other machines: give --token-file, and TLS")
        options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        token, made = own_token(options.data_dir)
        tokens = (token,)
    accounts = {login: _account(login, options.server, environment) for login in options.login}
    settings = BridgeSettings(
        tokens=tokens,
        data_dir=options.data_dir,
        module=options.module,
        path=options.path,
        host=options.host,
        port=options.port,
        tls=(options.tls_cert, options.tls_key) if options.tls_cert is not None else None,
        allowed_hosts=frozenset(options.allowed_host),
        accounts=accounts,
        login=options.login[0] if options.login else None,
        limits=TradeLimits(
            allow_symbols=frozenset(options.allow_symbol),
            max_volume=options.max_volume,
            max_orders_per_minute=options.max_orders_per_minute,
            allow_live=options.allow_live,
        ),
        call_timeout_s=options.call_timeout,
        ea_port=options.ea_port,
        ea_token=environment.get(EA_TOKEN) or None,
    )
    return settings, made


def _run(options: argparse.Namespace) -> int:
    if (options.tls_cert is None) != (options.tls_key is None):
        raise _Ended(USAGE, "--tls-cert and --tls-key belong together: give both or none.")
    if options.kill or options.resume:
        return _switch(KillSwitch(options.data_dir), is_killing=options.kill)
    try:
        settings, made = settings_of(options, os.environ)
        server = BridgeServer(settings)
    except BindRefused as error:
        raise _Ended(REFUSED, f"The bridge does not start: {error}.") from error
    except (TokenUnusable, OSError) as error:
        raise _Ended(FAILED, f"The bridge does not start: {error}.") from error
    with asyncio.Runner() as runner:
        runner.run(_serve(server, settings, made or options.token_file, as_json=options.json))
    return OK


async def _serve(server: BridgeServer, settings: BridgeSettings, token_file: Path | None, *, as_json: bool) -> None:
    with _stop_requested() as stop:
        try:
            await server.start()
        except (ModuleUnusable, StoreInUse, sqlite3.Error) as error:
            raise _Ended(FAILED, f"The bridge does not start: {error}.") from error
        except OSError as error:
            code = IN_USE if error.errno == errno.EADDRINUSE else FAILED
            where = f"port {settings.port} on {settings.host}"
            raise _Ended(code, f"The bridge cannot listen on {where}: {error.strerror or error}.") from error
        try:
            if as_json:
                _event(event="ready", url=server.url, token_file=_text(token_file), pid=os.getpid())
            else:
                token = f"the token is in {token_file}" if token_file is not None else "the token is the environment's"
                print(f"The bridge to {settings.module} listens on {server.url}; {token}. Ctrl-C ends it.", flush=True)  # noqa: T201 - a command speaks
            await stop.wait()
        finally:
            await server.stop()


def _switch(kill_switch: KillSwitch, *, is_killing: bool) -> int:
    try:
        if is_killing:
            kill_switch.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            kill_switch.engage("command line")
        else:
            kill_switch.release()
    except OSError as error:
        raise _Ended(FAILED, f"The kill file {kill_switch.file} cannot be changed: {error.strerror}.") from error
    return OK


def _account(login: int, server: str | None, environment: Mapping[str, str]) -> AccountSettings:
    return AccountSettings(
        login=login,
        server=server or environment.get(f"{SERVER}_{login}") or environment.get(SERVER) or None,
        password=environment.get(f"{PASSWORD}_{login}") or environment.get(PASSWORD) or None,
    )


@contextlib.contextmanager
def _stop_requested() -> Iterator[asyncio.Event]:
    """Give an event that SIGINT, SIGTERM or Ctrl-Break set; ``signal.signal`` works on Windows too."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    kinds = [signal.SIGINT, signal.SIGTERM, *([signal.SIGBREAK] if hasattr(signal, "SIGBREAK") else [])]

    def request(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    previous = {kind: signal.signal(kind, request) for kind in kinds}
    try:
        yield stop
    finally:
        for kind, handler in previous.items():
            signal.signal(kind, handler)


def _event(**fields: object) -> None:
    print(json.dumps(fields), flush=True)  # noqa: T201 - a command speaks


def _text(path: Path | None) -> str | None:
    return str(path) if path is not None else None


def _lots(text: str) -> Decimal:
    try:
        lots = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of lots") from None
    if not lots.is_finite() or lots <= 0:
        raise argparse.ArgumentTypeError("lots are more than 0")
    return lots


def _number(least: int, most: int) -> Callable[[str], int]:
    """Return an argparse type of whole numbers in a range."""

    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value} is not from {least} to {most}")
        return value

    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edgerunner mt5-bridge",
        description="Offer one MetaTrader 5 terminal to programs elsewhere. Passwords come from the environment only.",
    )
    add = parser.add_argument
    add("--module", default="MetaTrader5", metavar="NAME", help="the terminal's module")
    add("--path", metavar="FILE", help="terminal64.exe of the terminal to use")
    add("--host", default="127.0.0.1", help="address to listen on; beyond loopback it needs TLS and a token")
    add("--port", type=_number(0, 65535), default=8103, help="port to listen on, 0 = any free one")
    add("--allowed-host", action="append", default=[], metavar="NAME", help="a further host name that is served")
    add("--token-file", type=Path, metavar="FILE", help="lines NAME SCOPES TOKEN")
    add("--tls-cert", type=Path, metavar="FILE")
    add("--tls-key", type=Path, metavar="FILE")
    add("--login", type=_number(1, 2**63), action="append", default=[], metavar="ID", help="an account to trade on")
    add("--server", metavar="NAME", help="the server of these accounts")
    add("--allow-symbol", action="append", default=[], metavar="NAME", help="a symbol that may be traded; none = all")
    add("--max-volume", type=_lots, metavar="LOTS", help="largest volume of one order")
    add("--max-orders-per-minute", type=_number(1, 100_000), default=60, metavar="N")
    add("--allow-live", action="store_true", help="allow orders on an account with real money")
    add("--data-dir", type=Path, default=Path.home() / ".edgerunner-mt5-bridge", metavar="FOLDER")
    add("--call-timeout", type=_number(1, 600), default=30, metavar="S", help="how long a caller waits for one call")
    add("--ea-port", type=_number(0, 65535), metavar="N", help=f"let Expert Advisors connect; token: {EA_TOKEN}")
    add("--kill", action="store_true", help="stop new orders and end")
    add("--resume", action="store_true", help="let orders through again and end")
    add("--json", action="store_true", help="one JSON object per line on stdout")
    return parser
