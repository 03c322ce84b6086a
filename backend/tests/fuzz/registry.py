"""Every target, by name; ``module_of`` names where it is, so that a worker need not load all the others."""

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    api,
    bybit_adapter,
    client,
    command_line,
    ibkr_adapter,
    market_files,
    mt5_bridge,
    mt5_files,
    mt5_records,
    scalars,
    simulators,
    storage,
    tws_wire,
    workers,
)

_MODULES = (
    bybit_adapter, client, mt5_bridge, mt5_files, mt5_records, scalars, simulators, storage, tws_wire, workers, api,
    command_line, ibkr_adapter, market_files,
)  # fmt: skip

TARGETS: dict[str, Target] = {target.name: target for module in _MODULES for target in module.TARGETS}


def module_of(name: str) -> str:
    """Return the module of ``tests.fuzz.targets`` that a target is in."""
    return next(module.__name__ for module in _MODULES if any(target.name == name for target in module.TARGETS))
