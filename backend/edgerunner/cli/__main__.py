"""``python -m edgerunner.cli``."""

from edgerunner.cli.app import main

main()
