"""Frames that a real TWS and its client exchanged are read and written again byte for byte."""

import re
from pathlib import Path
from typing import Any

import pytest

from edgerunner.simulators.tws.wire.codec import MESSAGES, REQUESTS

SHARED = Path(__file__).resolve().parents[6] / "shared"
RECORDING = SHARED / "recorded" / "ibkr" / "rust-ibapi" / "tws_interactions.yaml"
FRAME = re.compile(r'^(    |  - )raw: "(.*)"$', re.MULTILINE)

EXCEPTIONS: dict[str, str] = {}
"""Frames that are not written again as they were read, with the reason. There is none."""


def recorded_text() -> str:
    if not RECORDING.exists():
        pytest.skip(f"the recorded session is not beside the repository: {RECORDING.name}")
    return RECORDING.read_text(encoding="utf-8")


def recorded_frames(indent: str) -> list[str]:
    return [raw.replace(r"\0", "\0") for found, raw in FRAME.findall(recorded_text()) if found == indent]


def recorded_version() -> int:
    found = re.search(r"server_version: (\d+)", recorded_text())
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize(("codec", "indent", "least"), [(REQUESTS, "    ", 5), (MESSAGES, "  - ", 9)])
def test_recorded_frames_are_written_again_as_they_were_read(codec: Any, indent: str, least: int) -> None:
    version, frames = recorded_version(), recorded_frames(indent)
    assert len(frames) >= least
    changed = [raw for raw in frames if codec.encode(codec.decode(raw.encode(), version), version) != raw.encode()]
    assert [raw for raw in changed if raw not in EXCEPTIONS] == []


def test_every_frame_of_the_recording_is_tried() -> None:
    frames = len(recorded_frames("    ")) + len(recorded_frames("  - "))
    assert frames == len(re.findall(r"\braw:", recorded_text()))
