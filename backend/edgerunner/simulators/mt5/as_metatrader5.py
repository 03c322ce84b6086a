"""Import this first, and ``import MetaTrader5`` gives the simulated terminal.

When no simulated terminal listens (``EDGERUNNER_SIM_MT5_TERMINAL``, else port 8104 of this machine), one is started
inside the process, with its ledger in memory.
"""

from edgerunner.simulators.mt5.finding import ensure_terminal
from edgerunner.simulators.mt5.module import register

ensure_terminal()
register()
