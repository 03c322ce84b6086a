"""Recorded traffic as the start of hostile inputs; without it the targets start from messages made here."""

import json
import re
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "recorded"


def bybit_documents(*beginnings: str) -> list[Any]:
    """Return the recorded messages whose file name begins with one of ``beginnings``; pushes one by one."""
    found: list[Any] = []
    for path in sorted(RECORDED.glob("bybit/*/*.json")):
        if path.name.startswith(beginnings):
            document = json.loads(path.read_text(encoding="utf-8"))
            frames = document.get("frames") if isinstance(document, dict) else None
            found += [frame["msg"] for frame in frames if frame["dir"] == "push"] if frames else [document]
    return found


def ibkr_frames() -> list[bytes]:
    """Return recorded payloads of TWS sockets, of requests and messages alike; one made here without recordings."""
    found = [b"49\x001\x00"]
    for path in sorted(RECORDED.glob("ibkr/rust-ibapi/*.yaml")):
        raws = re.findall(r'raw: "([^"\n]*)"', path.read_text(encoding="utf-8"))
        found += [raw.replace("\\0", "\0").encode() for raw in raws if len(raw) < 2_000]
    return found
