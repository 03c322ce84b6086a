"""Every target, by name."""

from tests.fuzz.target import Target
from tests.fuzz.targets import bybit_adapter, tws_wire

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (bybit_adapter, tws_wire)
    for target in module.TARGETS
}
