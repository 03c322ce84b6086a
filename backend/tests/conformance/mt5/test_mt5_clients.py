"""Whole sessions of unmodified MetaTrader 5 clients, on the simulated module and on the remote module.

Each session checks what it is told; afterwards the simulator's ledger must tell the same story.
"""

import json
from pathlib import Path

import pytest

from tests.conformance.mt5.clients import (
    BIN,
    HERE,
    LOGIN,
    NETTING_LOGIN,
    PASSWORD,
    PYTHON,
    SERVER,
    WAYS,
    connection_options,
    credentials,
    on_terminal,
    run_client,
)
from tests.conformance.mt5.conftest import Terminal
from tests.conformance.mt5.ledger_check import check_ledger

pytestmark = pytest.mark.conformance

DROP_PASSWORDS = {"EDGERUNNER_MT5_BRIDGE_DROP_PASSWORDS": "1"}
TERMINAL_PATH = "C:\\Program Files\\MetaTrader 5\\terminal64.exe"


@pytest.mark.parametrize("way", WAYS)
async def test_a_session_of_pdmt5(way: str, terminal: Terminal, tmp_path: Path) -> None:
    command = on_terminal(way, HERE / "pdmt5_session.py", json.dumps(credentials(way)))
    said = await run_client(command, terminal.environment(way), tmp_path)
    check_ledger(terminal.ledger(), said.last_line())


async def test_a_session_of_pdmt5_on_a_netting_account(terminal: Terminal, tmp_path: Path) -> None:
    netting = credentials("simulated") | {"login": NETTING_LOGIN}
    command = on_terminal("simulated", HERE / "pdmt5_session.py", json.dumps(netting))
    said = await run_client(command, terminal.environment("simulated"), tmp_path)
    assert said.last_line()["login"] == NETTING_LOGIN
    check_ledger(terminal.ledger(), said.last_line())


@pytest.mark.parametrize("way", WAYS)
async def test_a_session_of_mt5cli(way: str, terminal: Terminal, tmp_path: Path) -> None:
    command = on_terminal(way, HERE / "mt5cli_session.py", str(tmp_path), *connection_options(way))
    said = await run_client(command, terminal.environment(way), tmp_path)
    check_ledger(terminal.ledger(), said.last_line())


@pytest.mark.parametrize("way", WAYS)
async def test_a_session_of_pymt5adapter(way: str, terminal: Terminal, tmp_path: Path) -> None:
    command = on_terminal(way, HERE / "pymt5adapter_session.py", json.dumps(credentials(way)))
    said = await run_client(command, terminal.environment(way), tmp_path)
    check_ledger(terminal.ledger(), said.last_line())


@pytest.mark.parametrize("way", WAYS)
async def test_market_book_of_mt5cli_fails_since_it_never_asks_for_the_book(
    way: str, terminal: Terminal, tmp_path: Path
) -> None:
    output = tmp_path / "book.csv"
    options = [*connection_options(way), "--output", str(output), "market-book", "--symbol", "EURUSD"]
    said = await run_client(on_terminal(way, BIN / "mt5cli", *options), terminal.environment(way), tmp_path)
    assert said.code != 0
    assert "market_book_get returned None" in said.output
    assert not output.exists()


@pytest.mark.parametrize("way", WAYS)
async def test_a_session_of_metatrader_mcp_server(way: str, terminal: Terminal, tmp_path: Path) -> None:
    # The server insists on a password: the remote module drops it before anything is sent.
    options = ["--login", str(LOGIN), "--password", PASSWORD, "--server", SERVER, "--transport", "stdio"]
    path = ["--path", TERMINAL_PATH] if way == "simulated" else []
    server = on_terminal(way, BIN / "metatrader-mcp-server", *options, *path)
    environment = terminal.environment(way) | DROP_PASSWORDS
    command = [str(PYTHON), str(HERE / "metatrader_mcp_session.py"), *server]
    said = await run_client(command, environment, tmp_path)
    check_ledger(terminal.ledger(), said.last_line())
