"""The import contracts cover every folder they speak of, and break when a rule is broken."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "backend" / "edgerunner"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
SHARED_BY_ADAPTERS = {
    "__init__",
    "__pycache__",
    "account_controls",
    "background",
    "broker",
    "buffers",
    "instrument_lookup",
    "order_keys",
    "order_preview",
    "reach",
    "wire_mark",
}
CONTRACTS: dict[str, dict[str, Any]] = {contract["id"]: contract for contract in SETTINGS["contracts"]}


def test_every_pure_package_is_under_the_purity_contract() -> None:
    pure = {"domain", "risk", "matching", "strategies", "backtest"}
    existing = {f"edgerunner.{name}" for name in pure if (PACKAGE / name / "__init__.py").exists()}
    assert existing == set(CONTRACTS["pure-core"]["source_modules"])


def test_every_concrete_adapter_is_protected() -> None:
    concrete = {
        f"edgerunner.adapters.{path.stem}"
        for path in (PACKAGE / "adapters").iterdir()
        if path.stem not in SHARED_BY_ADAPTERS
    }
    assert concrete == set(CONTRACTS["concrete-adapters"]["protected_modules"])


PLANTED = [
    ("layers", "domain/planted.py", "import edgerunner.services.session\n"),
    ("adapters-below-services", "adapters/planted.py", "import edgerunner.storage.values\n"),
    ("concrete-adapters", "services/planted.py", "import edgerunner.adapters.bybit_adapter\n"),
    ("simulators-are-strangers", "simulators/planted.py", "import edgerunner.domain.orders\n"),
    ("simulators-are-strangers", "matching/planted.py", "import edgerunner.domain.orders\n"),
    ("mt5-bridge-installs-alone", "mt5_bridge/planted.py", "import edgerunner.domain.orders\n"),
    ("mt5-bridge-installs-alone", "mt5_surface/planted.py", "import edgerunner.domain.orders\n"),
    ("nobody-imports-simulators", "services/planted.py", "import edgerunner.simulators.venue\n"),
    ("pure-core", "domain/planted.py", "import time\n"),
]


@pytest.mark.parametrize(("contract", "place", "source"), PLANTED)
def test_a_planted_import_breaks_its_contract(tmp_path: Path, contract: str, place: str, source: str) -> None:
    for path in PACKAGE.rglob("*.py"):
        copy = tmp_path / "edgerunner" / path.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "edgerunner" / place).write_text(source, encoding="utf-8")
    check = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; sys.exit(lint_imports("
    check += f"config_filename={str(ROOT / 'pyproject.toml')!r}, limit_to_contracts=({contract!r},), no_cache=True))"
    result = subprocess.run(
        [sys.executable, "-c", check], check=False, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout
    assert "planted" in result.stdout


def test_every_contract_has_been_seen_red() -> None:
    assert {contract for contract, _, _ in PLANTED} == set(CONTRACTS)
