"""The built screen under ``/app/``: read once at the start, answered from memory, so that no path reaches a file."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse, Response

from edgerunner.backtest.report_scripts import script_hashes
from edgerunner.routes.docs_page import PAGE_HEADERS, welcome_page

_INDEX: Final = "index.html"
_HASHED: Final = "assets/"
_MOST_BYTES: Final = 50_000_000
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        f"default-src 'self'; script-src 'self' {' '.join(script_hashes())}; connect-src 'self' ws: wss:; "
        "img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The stream of a screen that is deployed alone lies on another origin: hence the schemes in ``connect-src``.

A backtest's report is shown in a sandboxed frame, which inherits this policy: hence its two scripts by their hashes.
"""


@dataclass(frozen=True, slots=True)
class Screen:
    """The files of a built screen by their path below ``/app/``; empty when none was built."""

    files: Mapping[str, bytes]

    @classmethod
    def read(cls, folder: Path | None) -> "Screen":
        """Read a folder that the build wrote; nothing when it is not there or holds no page."""
        if folder is None or not (folder / _INDEX).is_file():
            return cls({})
        found = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file() and not file.is_symlink()
        }
        if sum(map(len, found.values())) > _MOST_BYTES:
            raise ValueError(f"{folder} holds more than {_MOST_BYTES} bytes: that is no built screen")
        return cls(found)

    def answer(self, path: str, version: str) -> Response:
        """Return a file of the screen; its page for every other path, where the browser routes by itself."""
        if not self.files:
            return HTMLResponse(welcome_page(version, has_screen=False), headers=PAGE_HEADERS)
        if path.startswith(_HASHED) and path not in self.files:
            return Response(status_code=404, headers=_HEADERS)
        name = path if path in self.files else _INDEX
        is_hashed = name.startswith(_HASHED)
        caching = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(self.files[name], media_type=media_type, headers={**_HEADERS, "Cache-Control": caching})
