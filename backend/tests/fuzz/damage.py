"""Hostile inputs: valid messages with damage done to them, and rubbish. Grammar-aware and byte-wise."""

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Json = Any

HOSTILE_TEXTS: tuple[str, ...] = (
    "", "0", "-0", "1", "-1", "NaN", "Infinity", "-Infinity", "sNaN", "1e999999999", "1E+99999", "1e-999999999",
    "-1e400",
    "9" * 400, "0." + "0" * 400 + "1", "9223372036854775808", "18446744073709551616",
    "0x10", "1_000", "\uff11\uff12", " 1 ",
    "true", "null", "None", "UNKNOWN", "../../etc/passwd", "\x00", "a\x00b", "\r\nX: y", "é", "\U0001f600", "\u2028",
    "1970-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "0000-00-00", "20261123", "20261123 04:00:00 US/Eastern",
    "%s%n{0}", "A" * 5_000,
)  # fmt: skip
HOSTILE_SCALARS: tuple[Json, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400,
    0.5, -0.0, 1e308, -1e-320, [], {}, [[]], [None], {"": None}, [{}], {"a": {"b": []}}, *HOSTILE_TEXTS,
)  # fmt: skip
INTERESTING_BYTES = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\n", b'"', b"\\", b"{", b"[", b"]", b"}", b",", b":", b"-")

hostile_texts = st.one_of(st.sampled_from(HOSTILE_TEXTS), st.text(max_size=40))
hostile_scalars = st.one_of(
    st.sampled_from(HOSTILE_SCALARS).map(copy.deepcopy),  # later edits reach into lists and objects
    hostile_texts,
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
rubbish = st.binary(max_size=200)

json_values: SearchStrategy[Json] = st.recursive(
    hostile_scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
"""JSON that says nothing."""


def places(document: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a document, the whole one included."""
    found = [path]
    match document:
        case dict():
            for name, value in document.items():
                found += places(value, (*path, name))
        case list():
            for index, value in enumerate(document[:20]):
                found += places(value, (*path, index))
    return found


@st.composite
def damaged_json(draw: st.DrawFn, documents: Sequence[Json], *, most_edits: int = 4) -> Json:
    """Draw one of ``documents`` with up to ``most_edits`` values replaced, dropped, doubled, nested or swapped."""
    document = json.loads(json.dumps(draw(st.sampled_from(documents))))
    for _ in range(draw(st.integers(0, most_edits))):
        document = _edited(draw, document)
    return document


def _edited(draw: st.DrawFn, document: Json) -> Json:
    path = draw(st.sampled_from(places(document)))
    if not path:
        return draw(hostile_scalars) if draw(st.integers(0, 9)) == 0 else document
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    key = path[-1]
    match draw(st.sampled_from(("replace", "replace", "replace", "drop", "double", "nest", "swap", "add"))):
        case "replace":
            holder[key] = draw(hostile_scalars)
        case "drop":
            del holder[key]
        case "double" if isinstance(holder, list):
            holder.extend([holder[key]] * draw(st.integers(1, 3)))
        case "nest":
            holder[key] = [holder[key]] if draw(st.booleans()) else {"list": holder[key]}
        case "swap":
            other = draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
            holder[key], holder[other] = holder[other], holder[key]
        case _ if isinstance(holder, dict):
            holder[draw(st.text(max_size=8))] = draw(hostile_scalars)
        case _:
            holder.append(draw(hostile_scalars))
    return document


@st.composite
def damaged_bytes(draw: st.DrawFn, samples: Sequence[bytes], *, most_edits: int = 5) -> bytes:
    """Draw one of ``samples`` with bytes flipped, cut, repeated, inserted, or spliced with another one."""
    data = bytearray(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(0, most_edits))):
        at = draw(st.integers(0, max(len(data), 1)))
        match draw(st.sampled_from(("flip", "set", "cut", "insert", "repeat", "splice", "length", "drop"))):
            case "flip" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "set" if at < len(data):
                data[at] = draw(st.integers(0, 255))
            case "cut":
                del data[at:]
            case "drop":
                del data[at : at + draw(st.integers(1, 16))]
            case "repeat":
                piece = data[at : at + draw(st.integers(1, 32))]
                data[at:at] = piece * draw(st.sampled_from((1, 2, 50)))
            case "splice":
                other = draw(st.sampled_from(samples))
                data[at:] = other[draw(st.integers(0, len(other))) :]
            case "length":
                data[at : at + 4] = draw(st.sampled_from((0, 1, 2**31 - 1, 2**31, 2**32 - 1))).to_bytes(4, "big")
            case _:
                data[at:at] = draw(st.one_of(st.sampled_from(INTERESTING_BYTES), st.binary(max_size=12)))
    return bytes(data)


def written(document: Json) -> bytes:
    """Return a document as JSON; lone surrogates are written as escapes."""
    return json.dumps(document).encode()


def deep(opening: bytes, closing: bytes, *, levels: Sequence[int] = (100, 1_000, 5_000, 100_000)) -> list[bytes]:
    """Return texts that are nested deeper than anybody reads."""
    return [opening * count + middle + closing * count for count in levels for middle in (b"", b"1")]


DEEP_JSON: tuple[bytes, ...] = (*deep(b"[", b"]"), *deep(b'{"a":', b"}"), b"[" * 100_000, b'{"data":' + b"[" * 20_000)


def json_messages(documents: Sequence[Json], *, more: Sequence[bytes] = ()) -> SearchStrategy[bytes]:
    """Return texts near to the messages in ``documents``: edited as values, as bytes, or nothing like them."""
    samples = [written(document) for document in documents]
    structured = damaged_json(documents).map(written)
    return st.one_of(
        structured,
        structured,
        structured,
        damaged_bytes(samples),
        json_values.map(written),
        rubbish,
        st.sampled_from((*DEEP_JSON, b"", b"null", b"\xff\xfe", b'"\\ud800"', b"1e999", b"9" * 5_000, *more)),
    )
