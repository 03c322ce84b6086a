"""The built screen under ``/app/``: read once at the start, answered from memory, so that no path reaches a file."""

import mimetypes
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse, Response

from edgerunner.backtest.report_scripts import script_hashes
from edgerunner.routes.docs_page import PAGE_HEADERS, welcome_page

_INDEX: Final = "index.html"
_HASHED: Final = "assets/"
_MOST_BYTES: Final = 50_000_000
_PLAIN_HOST: Final = re.compile(r"(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)


def content_policy(host: str, connect: Sequence[str]) -> str:
    """Return the screen's Content-Security-Policy: it calls the server it came from, and the origins in ``connect``.

    The stream is named by its host, because not every browser counts ``ws:`` under ``'self'``. A backtest's report
    is shown in a sandboxed frame, which inherits this policy: hence its two scripts by their hashes.
    """
    own = (f"ws://{host}", f"wss://{host}") if _PLAIN_HOST.fullmatch(host) else ()
    callable_origins = " ".join(("'self'", *own, *connect))
    return (
        f"default-src 'self'; script-src 'self' {' '.join(script_hashes())}; "
        f"connect-src {callable_origins}; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


@dataclass(frozen=True, slots=True)
class Screen:
    """The files of a built screen by their path below ``/app/``; empty when none was built."""

    files: Mapping[str, bytes]
    connect: tuple[str, ...] = ()
    """Origins beside its own that the screen may call."""

    @classmethod
    def read(cls, folder: Path | None, connect: tuple[str, ...] = ()) -> "Screen":
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
        return cls(found, connect)

    def answer(self, path: str, version: str, host: str) -> Response:
        """Return a file of the screen; its page for every other path, where the browser routes by itself.

        ``host`` is the one the browser asked, with its port.
        """
        if not self.files:
            return HTMLResponse(welcome_page(version, has_screen=False), headers=PAGE_HEADERS)
        if path.startswith(_HASHED) and path not in self.files:
            return Response(status_code=404)
        name = path if path in self.files else _INDEX
        is_hashed = name.startswith(_HASHED)
        caching = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(
            self.files[name],
            media_type=media_type,
            headers={"Content-Security-Policy": content_policy(host, self.connect), "Cache-Control": caching},
        )
