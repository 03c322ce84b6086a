"""The simulated module in the shapes in which programs use it."""

import ast
import asyncio
import importlib
import subprocess
import sys
import types
from pathlib import Path

import pytest

from edgerunner.mt5_surface.functions import FUNCTIONS
from edgerunner.mt5_surface.structs import AccountInfo
from edgerunner.simulators.mt5 import module
from edgerunner.simulators.mt5.client import Connection

UNNAMED_NOT_ALLOWED = (-2, "Unnamed arguments not allowed")
NO_CONNECTION = (-10004, "No IPC connection")
LIGHT_IMPORT = """
import sys

before = set(sys.modules)
import edgerunner.simulators.mt5.module
loaded = set(sys.modules) - before
ours = sorted(name for name in loaded if name.startswith("edgerunner.") and "mt5" not in name)
tops = {name.partition(".")[0] for name in loaded}
print([ours, sorted(top for top in tops if "site-packages" in str(getattr(sys.modules[top], "__file__", "")))])
"""


@pytest.fixture
def mt5() -> types.ModuleType:
    return module.create_module("MetaTrader5", Connection())


def test_functions_stay_themselves_as_attributes_of_a_class(mt5: types.ModuleType) -> None:
    """Aiomql keeps the functions so; functions written in Python would become methods there."""

    class Holder:
        account_info = mt5.account_info
        order_send = mt5.order_send
        last_error = mt5.last_error

    holder = Holder()
    assert holder.account_info is mt5.account_info
    assert holder.account_info() is None
    assert holder.last_error() == NO_CONNECTION
    assert holder.order_send({"action": 1}) is None


def test_it_is_a_real_module_of_the_vendor_s_name(mt5: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pdmt5 takes nothing but a ``ModuleType``."""
    assert type(mt5) is types.ModuleType
    assert mt5.__name__ == "MetaTrader5"
    monkeypatch.delitem(sys.modules, "MetaTrader5", raising=False)
    registered = module.register()
    assert importlib.import_module("MetaTrader5") is registered
    monkeypatch.delitem(sys.modules, "MetaTrader5")


def test_it_can_be_loaded_by_its_own_name_with_the_same_surface() -> None:
    loaded = importlib.import_module("edgerunner.simulators.mt5.module")
    assert set(FUNCTIONS) < set(vars(loaded))
    assert loaded.AccountInfo is AccountInfo
    assert loaded.TIMEFRAME_H1 == 16385
    assert "sys" not in loaded.__all__


def test_it_needs_nothing_but_the_standard_library_and_numpy() -> None:
    backend = Path(module.__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", LIGHT_IMPORT],
        cwd=backend,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ast.literal_eval(done.stdout) == [["edgerunner.simulators"], ["numpy"]]


def test_functions_in_c_refuse_what_the_interpreter_refuses(mt5: types.ModuleType) -> None:
    with pytest.raises(TypeError, match=r"account_info\(\) takes no arguments \(1 given\)"):
        mt5.account_info(1)
    with pytest.raises(TypeError, match=r"symbol_info\(\) takes no keyword arguments"):
        mt5.symbol_info(symbol="EURUSD")
    with pytest.raises(TypeError):
        mt5.last_error(1)
    assert repr(mt5.order_send) == "<built-in function order_send>"
    assert mt5.order_send.__name__ == "order_send"


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="from 3.14 on the interpreter's instruction does not tell")
def test_an_empty_mapping_of_keywords_is_enough_to_take_the_keyword_path(mt5: types.ModuleType) -> None:
    has_empty = module.Builtin._has_empty_keywords
    seen: list[bool] = []

    class Probe(module.Builtin):
        def __call__(self, *_: object, **__: object) -> None:
            seen.append(has_empty(self, sys._getframe(1)))

    def passed_on(function: module.Builtin, *unnamed: object, **named: object) -> None:
        function(*unnamed, **named)

    probe = Probe(FUNCTIONS["order_check"], Connection())
    arguments: tuple[dict[str, int]] = ({},)
    keywords: dict[str, int] = {}
    probe(*arguments, **keywords)
    probe(*arguments)
    probe({})
    passed_on(probe, {})
    getattr(types.SimpleNamespace(order_check=probe), "order_check")(*arguments, **keywords)  # noqa: B009 - as bridges do
    assert seen == [True, False, False, True, True]


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="from 3.14 on the interpreter's instruction does not tell")
def test_a_call_through_a_thread_pool_is_not_taken_for_one_with_keywords() -> None:
    seen: list[bool] = []

    class Probe(module.Builtin):
        def __call__(self, *_: object, **__: object) -> None:
            seen.append(self._has_empty_keywords(sys._getframe(1)))

    probe = Probe(FUNCTIONS["order_check"], Connection())
    asyncio.run(asyncio.to_thread(probe, {}))
    list(map(probe, [{}]))
    assert seen == [False, False]


def test_last_error_is_success_after_a_success(mt5: types.ModuleType) -> None:
    assert mt5.account_info() is None
    assert mt5.last_error() == NO_CONNECTION
    mt5.shutdown()
    assert mt5.last_error() == (1, "Success")
