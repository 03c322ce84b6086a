"""Every target, by name."""

from tests.fuzz.target import Target
from tests.fuzz.targets import bybit_adapter, client, mt5_bridge, mt5_files, mt5_records, scalars, simulators, storage, tws_wire, workers

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (bybit_adapter, client, mt5_bridge, mt5_files, mt5_records, scalars, simulators, storage, tws_wire, workers)
    for target in module.TARGETS
}
