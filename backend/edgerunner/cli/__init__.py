"""The command line: ``edgerunner``."""

from edgerunner.cli.app import main

__all__ = ["main"]
