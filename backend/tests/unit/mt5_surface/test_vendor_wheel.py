"""Our surface beside the vendor's wheel, read (not run) from the package index; skipped where it cannot be had."""

import inspect
from collections.abc import Iterator

import pytest

from edgerunner.mt5_surface import errors
from edgerunner.mt5_surface.constants import CONSTANTS
from edgerunner.mt5_surface.functions import FUNCTIONS, Calling
from edgerunner.mt5_surface.structs import STRUCTS
from edgerunner.simulators.mt5.module import create_module
from tests.unit.mt5_surface.vendor_wheel import NotAvailable, VendorWheel, download

FLAGS = {1: Calling.UNNAMED, 3: Calling.NAMED, 4: Calling.NO_ARGUMENTS}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> VendorWheel:
    try:
        return download(tmp_path_factory.mktemp("wheel"))
    except NotAvailable as reason:
        pytest.skip(f"the vendor's wheel is not compared: {reason}")


def test_every_constant_is_the_vendors_in_name_value_and_order(wheel: VendorWheel) -> None:
    assert len(wheel.constants) == 223
    assert list(CONSTANTS.items()) == list(wheel.constants.items())


def test_structs_have_the_vendors_fields_in_the_order_of_the_binary_s_own_tables(wheel: VendorWheel) -> None:
    assert {name: struct.__match_args__ for name, struct in STRUCTS.items()} == wheel.structs
    assert sum(len(fields) for fields in wheel.structs.values()) == 256


def test_fields_in_the_order_of_first_use_are_the_names_of_the_string_pool(wheel: VendorWheel) -> None:
    names = list(dict.fromkeys(name for struct in STRUCTS.values() for name in struct.__match_args__))
    assert len(names) == 185
    assert all(wheel.holds(name) for name in names)


def test_functions_take_their_arguments_as_the_binary_s_method_table_says(wheel: VendorWheel) -> None:
    ours = {name: function for name, function in FUNCTIONS.items() if function.calling is not Calling.PYTHON}
    assert {name: FLAGS[flags] for name, (flags, _) in wheel.methods.items()} == {
        name: function.calling for name, function in ours.items()
    }
    assert list(ours) == list(wheel.methods)
    for name, (_, doc) in wheel.methods.items():
        assert doc.split("\n\n")[0] == ours[name].hint


def test_functions_in_python_are_the_vendors(wheel: VendorWheel) -> None:
    ours = {name for name, function in FUNCTIONS.items() if function.calling is Calling.PYTHON}
    assert ours == wheel.functions_in_python


def test_every_error_text_is_in_the_binary(wheel: VendorWheel) -> None:
    texts = {text for text in errors.ERROR_TEXTS.values() if not text.startswith(("Success", "IPC initialize failed"))}
    texts |= {errors.INVALID_ARGUMENTS, errors.INVALID_NUMBER_OF_ARGUMENTS, errors.UNNAMED_NOT_ALLOWED}
    texts |= {errors.UNSUPPORTED_AUTHORIZATION}
    texts |= {errors.invalid_argument(name)[1] for name in errors.NAMED_ARGUMENTS}
    texts |= {errors.invalid_unnamed(place)[1] for place in range(3)}
    assert sorted(text for text in texts if not wheel.holds(text)) == []
    assert wheel.holds("IPC initialize failed, %S")


def test_the_simulated_module_exports_no_name_less_than_the_vendor(wheel: VendorWheel) -> None:
    module = create_module()
    wanted = {*wheel.constants, *wheel.structs, *wheel.methods, *wheel.functions_in_python, "__version__", "__author__"}
    assert wanted - set(vars(module)) == set()
    assert set(_public(module)) == {name for name in wanted if not name.startswith("_")}
    assert inspect.ismodule(module)
    assert module.__version__ == "5.0.6231"


def _public(module: object) -> Iterator[str]:
    return (name for name in vars(module) if not name.startswith("_"))
