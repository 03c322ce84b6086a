"""The scripts of a report's page, and the words by which a Content-Security-Policy lets only them run.

Apart from the package of the report: a page that shows a report in a frame needs the words without the templates.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

LIBRARY = "lightweight-charts.standalone.production.js"
SCRIPT = "charts.js"


@cache
def script_hashes() -> tuple[str, ...]:
    """Return the sources of a ``script-src`` that the report's own scripts have, and no other script has."""
    return tuple(_source(script_text(name)) for name in (LIBRARY, SCRIPT))


def script_text(name: str) -> str:
    """Return one of the report's scripts as it stands in its page."""
    return files("edgerunner.backtest").joinpath("report", "assets", name).read_text(encoding="utf-8")


def _source(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
