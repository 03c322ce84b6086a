"""What the brokers list that are a ``Venue``; the one of MetaTrader 5 is a kind of its own, see ``mt5/symbols``."""

from collections.abc import Callable, Mapping

from edgerunner.simulators.catalogue import VenueCatalogue, bybit_catalogue
from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue

CATALOGUES: Mapping[str, Callable[[], VenueCatalogue]] = {"bybit": bybit_catalogue, "ibkr": ibkr_catalogue}
