"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line on stdout; logs on stderr.")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Data folder; else EDGERUNNER_DATA_DIR.")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on; else EDGERUNNER_HOST.")]
Port = Annotated[int | None, typer.Option("--port", help="Port, 0 = any free one; else EDGERUNNER_PORT.")]
Url = Annotated[str | None, typer.Option("--url", help="Address of the API; else EDGERUNNER_HOST and _PORT.")]
