"""``python -m edgerunner.mt5_bridge``."""

import sys

from edgerunner.mt5_bridge.command_line import main

sys.exit(main())
