"""Finding strategy classes: shipped ones by name, a user's own by executing their file."""

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from edgerunner.domain.errors import FieldError, InvalidRequest, NotFound
from edgerunner.strategies.parameters import ParameterValue
from edgerunner.strategies.registry import shipped_class
from edgerunner.strategies.strategy import Strategy
from edgerunner.strategy_worker.messages import ClassDescription, ClassSource

_LARGEST = 2**63 - 1


def strategy_class(source: ClassSource) -> type[Strategy]:
    """Return a class; raises ``NotFound``, and for a user's file whatever that raises."""
    if source.path is None:
        return shipped_class(source.name)
    found = {known.__name__: known for known in classes_in(Path(source.path))}
    if source.name not in found:
        names = ", ".join(found) or "no strategy class"
        raise NotFound(f"{Path(source.path).name} defines {names}, but no {source.name}")
    return found[source.name]


def classes_in(path: Path) -> list[type[Strategy]]:
    """Execute a user's file and return the strategy classes that it defines itself."""
    module = _executed(path)
    return [
        member
        for member in vars(module).values()
        if isinstance(member, type) and issubclass(member, Strategy) and member.__module__ == module.__name__
    ]


def checked_parameters(strategy: type[Strategy], parameters: Mapping[str, object]) -> dict[str, ParameterValue]:
    """Return all parameters with defaults filled in; ``InvalidRequest`` names each one that is wrong or too large."""
    values = strategy.validated(parameters)
    too_large = [name for name, value in values.items() if isinstance(value, int) and abs(value) > _LARGEST]
    if too_large:
        errors = [
            FieldError(field=f"parameters.{name}", code="too_large", message="must fit into 64 bits")
            for name in too_large
        ]
        raise InvalidRequest(f"too large: {', '.join(too_large)}", *errors)
    return values


def described(strategy: type[Strategy]) -> ClassDescription:
    """Return what a caller needs to fill in a class's parameters."""
    lines = (strategy.__doc__ or "").strip().splitlines()
    return ClassDescription(
        name=strategy.__name__, summary=lines[0] if lines else "", parameters=strategy.json_schema()
    )


def _executed(path: Path) -> ModuleType:
    name = f"user_strategies_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise NotFound(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.append(str(path.parent))  # so that a strategy may use modules beside it
    spec.loader.exec_module(module)
    return module
