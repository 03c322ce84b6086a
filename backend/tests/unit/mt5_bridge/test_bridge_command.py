"""What the command refuses, and how it ends."""

import json
import socket
from pathlib import Path

import pytest

from edgerunner.mt5_bridge.command_line import main
from edgerunner.mt5_bridge.server import BridgeServer
from tests.wire.mt5_bridge.harness import bridge

LONG = "a-long-token-0123456789-of-the-environment"


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "READ_TOKEN"):
        monkeypatch.delenv(f"EDGERUNNER_MT5_BRIDGE_{name}", raising=False)


def ended(folder: Path, *options: str) -> int:
    return main(["--data-dir", str(folder), "--module", "json", "--port", "0", *options])


@pytest.mark.parametrize(
    "wrong",
    [("--port", "70000"), ("--max-volume", "0"), ("--max-volume", "nan"), ("--login", "me"), ("--password", "x")],
)
def test_wrong_options_are_exit_2(tmp_path: Path, wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as refused:
        ended(tmp_path, *wrong)
    assert refused.value.code == 2


def test_half_a_pair_of_tls_files_is_exit_2(tmp_path: Path) -> None:
    assert ended(tmp_path, "--tls-cert", "x") == 2


@pytest.mark.parametrize("token", [None, LONG])
def test_a_bind_beyond_loopback_is_exit_4(
    tmp_path: Path, token: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tls: tuple[str, ...] = ("--tls-cert", "x", "--tls-key", "y")
    if token is not None:
        monkeypatch.setenv("EDGERUNNER_MT5_BRIDGE_TOKEN", token)
        tls = ()
    assert ended(tmp_path, "--host", "0.0.0.0", "--json", *tls) == 4  # noqa: S104
    said = capsys.readouterr()
    assert "can be reached by other machines" in said.err
    assert json.loads(said.out)["exit_code"] == 4


def test_a_port_in_use_is_exit_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code = main(["--data-dir", str(tmp_path), "--module", "tests.unit.mt5_bridge.quiet_terminal", "--port", port])
    assert (code, "cannot listen" in capsys.readouterr().err) == (3, True)


def test_a_module_that_is_none_is_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(tmp_path, "--module", "no_such_module") == 1
    assert "no_such_module cannot be loaded" in capsys.readouterr().err
    assert ended(tmp_path) == 1
    assert "it is no MetaTrader 5 module" in capsys.readouterr().err


def test_a_weak_token_is_refused_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGERUNNER_MT5_BRIDGE_TOKEN", "sesame")
    assert ended(tmp_path) == 1
    said = capsys.readouterr().err
    assert ("could be guessed" in said, "sesame" in said) == (True, False)


async def test_two_bridges_do_not_share_a_folder(tmp_path: Path) -> None:
    async with bridge(tmp_path) as first:
        with pytest.raises(OSError, match="another bridge works in"):
            await BridgeServer(first.settings).start()
