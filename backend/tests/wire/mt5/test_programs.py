"""Existing programs that say ``import MetaTrader5``, run in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import edgerunner
from edgerunner.simulators.mt5.settings import TERMINAL_VARIABLE

BACKEND = Path(edgerunner.__file__).parents[1]
START_S = 120

PROGRAM = """
import sys
import MetaTrader5 as mt5

assert mt5.initialize(), mt5.last_error()
assert mt5.account_info().login == 1000001
mt5.symbol_select("EURUSD", True)
order = {"action": mt5.TRADE_ACTION_DEAL, "symbol": "EURUSD", "volume": 0.1, "type": mt5.ORDER_TYPE_BUY,
         "type_filling": mt5.ORDER_FILLING_IOC, "comment": "from a program"}
result = mt5.order_send(order)
assert result.retcode == mt5.TRADE_RETCODE_DONE, result
print(sys.argv[1:], __name__, [position.comment for position in mt5.positions_get()])
mt5.shutdown()
"""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """No terminal listens anywhere."""
    return os.environ | {TERMINAL_VARIABLE: "127.0.0.1:1", "PYTHONPATH": str(BACKEND)}


def run(folder: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )


def test_the_command_runs_a_program_with_its_arguments(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    done = run(tmp_path, environment, "-m", "edgerunner.simulators.mt5", "program.py", "--fast", "5")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "['--fast', '5'] __main__ ['from a program']"


def test_a_named_folder_keeps_the_ledger_for_the_next_run(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    words = ("-m", "edgerunner.simulators.mt5", "--data", str(tmp_path / "ledger"), "program.py")
    assert run(tmp_path, environment, *words).stdout.strip() == "[] __main__ ['from a program']"
    again = run(tmp_path, environment, *words)
    assert again.stdout.strip() == "[] __main__ ['from a program', 'from a program']", again.stderr


def test_one_line_before_the_vendor_s_import_is_enough(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "program.py").write_text(f"import edgerunner.simulators.mt5.as_metatrader5\n{PROGRAM}")
    done = run(tmp_path, environment, "program.py")
    assert done.returncode == 0, done.stderr
    assert "['from a program']" in done.stdout


def test_a_program_may_leave_the_shutdown_to_its_end(tmp_path: Path, environment: dict[str, str]) -> None:
    """At the end of the process no Python code calls the functions: nothing may look for a caller."""
    lines: tuple[str, ...] = (
        "import atexit",
        "import MetaTrader5 as mt5",
        "mt5.initialize()",
        "atexit.register(mt5.shutdown)",
    )
    lines += ("atexit.register(lambda: print(mt5.account_info().login))", "atexit.register(mt5.positions_get)")
    (tmp_path / "program.py").write_text("\n".join(lines))
    done = run(tmp_path, environment, "-m", "edgerunner.simulators.mt5", "program.py")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "1000001", "")


def test_a_program_that_is_not_there_is_a_usage_error(tmp_path: Path, environment: dict[str, str]) -> None:
    done = run(tmp_path, environment, "-m", "edgerunner.simulators.mt5", "nowhere.py")
    assert done.returncode == 2
    assert "nowhere.py" in done.stderr


def test_an_exit_code_of_the_program_is_the_command_s(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "program.py").write_text("import sys\nsys.exit(7)\n")
    done = run(tmp_path, environment, "-m", "edgerunner.simulators.mt5", "program.py")
    assert done.returncode == 7, done.stderr
