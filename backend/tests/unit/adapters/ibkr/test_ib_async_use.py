"""How ib_async may be used in a server: traps of the library itself."""

import ast
import asyncio
import inspect
import re
from pathlib import Path

import ib_async

ROOT = Path(__file__).parents[5]
PACKAGE = ROOT / "backend" / "edgerunner" / "adapters" / "ibkr"


def calls() -> set[str]:
    """Names of all methods that our package calls."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in PACKAGE.glob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {node.func.attr for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}


def blocking() -> set[str]:
    """ib_async's methods that run the event loop to their end, except for those its plain client has too."""
    methods = inspect.getmembers(ib_async.IB, inspect.isfunction)
    found = {name for name, method in methods if "self._run(" in inspect.getsource(method)}
    return found - {name for name, _ in inspect.getmembers(ib_async.Client, inspect.isfunction)}


async def test_12_nothing_patches_the_event_loop() -> None:
    import edgerunner.adapters.ibkr_adapter  # noqa: F401

    assert not hasattr(asyncio, "_nest_patched")
    assert not calls() & {"patchAsyncio", "startLoop", "run_until_complete", "waitOnUpdate", "loopUntil"}


def test_13_no_blocking_twin_of_a_request_is_called() -> None:
    assert {"accountSummary", "qualifyContracts"} & (blocking() | {"accountSummary"})
    assert not calls() & (blocking() | {"accountSummary"})


def test_13_what_has_a_blocking_twin_is_called_on_the_client_or_as_async() -> None:
    twins = {
        name
        for name, method in inspect.getmembers(ib_async.IB, inspect.isfunction)
        if "self._run(" in inspect.getsource(method)
    }
    text = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.glob("*.py"))
    for name in twins:
        assert all(owner == "client" for owner in re.findall(rf"(\w+)\.{name}\(", text)), name


def test_26_ib_insync_is_no_dependency_beside_ib_async() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "ib_async>=" in project
    assert not re.search(r'"ib[-_]insync', project)
