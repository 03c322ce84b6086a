"""Which brokers are simulated, and what each of them lists."""

from collections.abc import Callable, Mapping

from edgerunner.simulators.catalogue import VenueCatalogue, bybit_catalogue
from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue

CATALOGUES: Mapping[str, Callable[[], VenueCatalogue]] = {"bybit": bybit_catalogue, "ibkr": ibkr_catalogue}
