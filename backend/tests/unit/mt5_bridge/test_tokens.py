"""Tokens: files, environment, comparison."""

from pathlib import Path

import pytest

from edgerunner.mt5_bridge.settings import Scope
from edgerunner.mt5_bridge.tokens import TokenBook, TokenUnusable, configured_tokens, own_token

LONG = "0123456789-abcdefghijklmnopqrstuvwxyz"
OTHER = "zyxwvutsrqponmlkjihgfedcba-9876543210"


def file_of(folder: Path, text: str) -> Path:
    file = folder / "tokens"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_gives_names_and_scopes(tmp_path: Path) -> None:
    file = file_of(tmp_path, f"# comment\n\nadapter read,trade {LONG}\nscreen read {OTHER}\n")
    adapter, screen = configured_tokens(file, {})
    assert (adapter.name, adapter.scopes) == ("adapter", frozenset(Scope))
    assert (screen.name, screen.scopes) == ("screen", frozenset({Scope.READ}))
    assert LONG not in repr(adapter)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no token"),
        ("adapter read,trade short", "could be guessed"),
        (f"adapter read,trade {'a' * 40}", "could be guessed"),
        (f"adapter admin {LONG}", "scopes are"),
        (f"adapter {LONG}", "is not NAME SCOPES TOKEN"),
        (f"a read {LONG}\nb trade {LONG}", "twice"),
        (f"a read {LONG}\na trade {OTHER}", "twice"),
        (f"a read {LONG}é", "do not fit"),
    ],
)
def test_a_bad_file_is_refused_without_showing_a_token(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(TokenUnusable, match=reason) as refused:
        configured_tokens(file_of(tmp_path, text), {})
    assert LONG not in str(refused.value)


def test_a_missing_file_is_no_reason_to_start_without_tokens(tmp_path: Path) -> None:
    with pytest.raises(TokenUnusable, match="cannot be read"):
        configured_tokens(tmp_path / "nothing", {"EDGERUNNER_MT5_BRIDGE_TOKEN": LONG})


def test_the_environment_gives_two(tmp_path: Path) -> None:
    given = {"EDGERUNNER_MT5_BRIDGE_TOKEN": LONG, "EDGERUNNER_MT5_BRIDGE_READ_TOKEN": f"{OTHER}\n"}
    both, read = configured_tokens(None, given)
    assert (both.scopes, read.scopes, read.secret) == (frozenset(Scope), frozenset({Scope.READ}), OTHER)
    assert configured_tokens(None, {}) == ()


def test_an_own_token_is_made_once(tmp_path: Path) -> None:
    first, file = own_token(tmp_path)
    assert own_token(tmp_path) == (first, file)
    assert len(first.secret) >= 43
    assert [entry.name for entry in tmp_path.iterdir()] == ["token"]


def test_only_the_exact_token_is_found(tmp_path: Path) -> None:
    book = TokenBook(configured_tokens(file_of(tmp_path, f"a read {LONG}\nb trade {OTHER}"), {}))
    found = book.find(f"Bearer {OTHER}")
    assert found is not None
    assert found.name == "b"
    for wrong in (None, "", LONG, f"Bearer {LONG[:-1]}", f"Bearer {LONG}x", f"Basic {LONG}", "Bearer \udcff", "Bearer"):
        assert book.find(wrong) is None
