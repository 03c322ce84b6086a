"""What lies on the disk, perhaps damaged: journal rows, stored values, secrets, datasets' own files."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from hypothesis import strategies as st

from edgerunner.domain.errors import EdgerunnerError, InvalidRequest, NotFound
from edgerunner.domain.events import EVENT_TYPES, RecordedEvent
from edgerunner.domain.projection import MemoryBooks
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.codec import EventCodec, UnreadableEvent, canonical, encode
from edgerunner.storage.dataset_parts import DatasetUnreadable
from edgerunner.storage.reader import parse_cursor
from edgerunner.storage.secrets import KEY_FILE_NAME, MasterKeyUnusable, Vault
from tests.fuzz.damage import (
    damaged_bytes,
    damaged_json,
    hostile_scalars,
    hostile_texts,
    json_messages,
    rubbish,
)
from tests.fuzz.declared import decoded, require, require_plain
from tests.fuzz.target import Check, Target, pure
from tests.unit.storage.journal_events import bought, canceled, event
from tests.unit.storage.test_codec import FULL_BODIES, LIFTED

CODEC = EventCodec()
ROWS: list[tuple[Any, ...]] = [
    CODEC.to_row(each) for each in (*(event(body, stamp=17, raw="{}") for body in FULL_BODIES), *bought(), *canceled())
]
PAYLOADS: list[Any] = [json.loads(row[12]) for row in ROWS]
TYPE, VERSION, SOURCE, PAYLOAD = 1, 2, 8, 12


@st.composite
def _damaged_rows(draw: st.DrawFn) -> tuple[Any, ...]:
    row = list(draw(st.sampled_from(ROWS)))
    if draw(st.booleans()):
        row[PAYLOAD] = json.dumps(draw(damaged_json([json.loads(row[PAYLOAD])])))
    if draw(st.integers(0, 3)) == 0:
        row[PAYLOAD] = draw(json_messages(PAYLOADS)).decode(
            errors=draw(st.sampled_from(("replace", "surrogateescape")))
        )
    if draw(st.integers(0, 3)) == 0:
        row[TYPE] = draw(st.one_of(st.sampled_from([*EVENT_TYPES, "nothing"]), hostile_texts))
    if draw(st.integers(0, 3)) == 0:
        row[VERSION] = draw(st.one_of(st.integers(-1, 4), hostile_scalars.filter(_is_cell)))
    if draw(st.integers(0, 3)) == 0:
        row[draw(st.integers(0, len(row) - 1))] = draw(hostile_scalars.filter(_is_cell))
    return tuple(row)


def _is_cell(value: object) -> bool:
    """Whether SQLite can give a value back: text, a number, a blob, or NULL."""
    return value is None or isinstance(value, str | float) or (type(value) is int and abs(value) < 2**63)


def _row(row: tuple[Any, ...]) -> None:
    """A damaged row is an event, or ``UnreadableEvent``; an event is written again as it was read."""
    for codec in (CODEC, LIFTED):
        recorded = decoded(codec.from_row, 5, 1, row, error=UnreadableEvent)
        if recorded is None:
            continue
        require(isinstance(recorded, RecordedEvent), "no event")
        require(
            canonical(CODEC.from_row(5, 1, CODEC.to_row(recorded.event)).event) == canonical(recorded.event), "other"
        )


def _replay(rows: list[tuple[Any, ...]]) -> None:
    """Whatever can be read can be replayed: the books stay whole or refuse with our own error."""
    books = MemoryBooks()
    for seq, row in enumerate(rows, 1):
        recorded = decoded(CODEC.from_row, seq, 1, row, error=UnreadableEvent)
        if recorded is not None:
            decoded(books.record, recorded, error=(EdgerunnerError, ValueError, KeyError))
    for order in books.orders.values():
        require(canonical(order) != "" and encode(order) != "", "an order that cannot be written")
        require_plain(order)


@contextmanager
def _vault() -> Iterator[Check]:
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault.open(Path(folder))
        known = vault.encrypt({"api_key": "a", "api_secret": "b"})
        foreign = Fernet(Fernet.generate_key()).encrypt(b"{}")

        def check(given: tuple[bytes, dict[str, str], int]) -> None:
            data, secrets, at = given
            token = vault.encrypt(secrets)
            require(vault.decrypt(token) == secrets, "decrypt(encrypt(x)) is not x")
            cut = token[: at % len(token)]
            for broken in (data, cut, known[: at % len(known)] + data, foreign):
                decoded(vault.decrypt, broken, error=MasterKeyUnusable)
                decoded(vault.renewed, broken, error=MasterKeyUnusable)

        yield check


@contextmanager
def _key_files() -> Iterator[Check]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / KEY_FILE_NAME

        def check(data: bytes) -> None:
            file.unlink(missing_ok=True)
            file.touch(mode=0o600)
            file.write_bytes(data)
            decoded(Vault.open, Path(folder), error=MasterKeyUnusable)

        yield check


DATASET_ID = "01JD8Z4K3V7Q2M5N9R1T6W8X0Y"
DATASET: dict[str, Any] = {
    "dataset_id": DATASET_ID, "name": "x", "kind": "bars", "instrument_id": "A.B", "timeframe": "1m",
    "origin": {"file": "a.csv", "format": "csv", "sha256": "0", "bytes": 5, "connection_id": None},
    "created_ms": 1, "timezone": None, "notes": ["a"], "repaired": {"sorted": 1}, "parts": [
        {"file": "part-000000.parquet", "rows": 1, "start_ms": 1, "end_ms": 2, "sha256": "0"}
    ], "checks": {},
}  # fmt: skip


@contextmanager
def _datasets() -> Iterator[Check]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / DATASET_ID
        place.mkdir()
        catalogue = Catalogue(Path(folder))

        def check(data: bytes) -> None:
            (place / "dataset.json").write_bytes(data)
            decoded(catalogue.get, DATASET_ID, error=(DatasetUnreadable, NotFound))

        yield check


TARGETS: tuple[Target, ...] = (
    pure("journal_rows", "storage.codec: rows of the journal", _damaged_rows(), _row),
    pure(
        "journal_replay",
        "storage.codec and domain.projection: replay of damaged rows",
        st.lists(_damaged_rows(), max_size=8),
        _replay,
    ),
    Target(
        name="vault_tokens",
        decoder="storage.secrets: encrypted secrets",
        inputs=st.tuples(
            st.one_of(rubbish, damaged_bytes([b"gAAAAABn"])),
            st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
            st.integers(0, 500),
        ),
        opened=_vault,
    ),
    Target(
        name="master_keys",
        decoder="storage.master_keys: the key file",
        inputs=st.one_of(rubbish, damaged_bytes([Fernet.generate_key(), b"A" * 43 + b"="])),
        opened=_key_files,
    ),
    Target(
        name="dataset_files",
        decoder="storage.catalogue: what is known about a dataset",
        inputs=json_messages([DATASET]),
        opened=_datasets,
    ),
    pure(
        "journal_cursors",
        "storage.reader: cursors",
        hostile_texts,
        lambda text: decoded(parse_cursor, text, error=InvalidRequest),
    ),
)
