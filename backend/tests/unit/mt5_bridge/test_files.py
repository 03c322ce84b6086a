"""The files of the bridge: audit log, order keys, kill switch."""

import json
import sqlite3
from pathlib import Path

import pytest

from edgerunner.mt5_bridge.audit_log import AuditLog
from edgerunner.mt5_bridge.kill_switch import KillSwitch
from edgerunner.mt5_bridge.order_store import KEPT_S, OrderRecord, OrderState, OrderStore, StoreInUse

NOW = 1_800_000_000.0


def record(key: str, begun_at: float = NOW) -> OrderRecord:
    return OrderRecord(
        key=key,
        token_name="t",
        login=1,
        digest=b"d",
        request=b'{"action":1}',
        state=OrderState.SENDING,
        begun_at=begun_at,
    )


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_full_audit_log_goes_on_in_a_new_file(tmp_path: Path) -> None:
    clock = iter(NOW + number for number in range(100))
    log = AuditLog(tmp_path, wall=lambda: next(clock), maximum_bytes=200)
    for number in range(10):
        log.write("kill", number=number)
    log.close()
    files = sorted(tmp_path.glob("audit*.jsonl"))
    assert len(files) > 2
    assert all(file.stat().st_size <= 200 for file in files)
    assert sorted(int(str(line["number"])) for file in files for line in lines(file)) == list(range(10))


def test_an_audit_log_is_continued(tmp_path: Path) -> None:
    for number in range(2):
        log = AuditLog(tmp_path, wall=lambda: NOW)
        log.write("kill", number=number)
        log.close()
    assert [line["number"] for line in lines(tmp_path / "audit.jsonl")] == [0, 1]


def test_what_a_caller_says_stays_in_its_line(tmp_path: Path) -> None:
    log = AuditLog(tmp_path, wall=lambda: NOW)
    log.security("symbol", path='x\n{"event":"forged"}\r\n\udcff' + "y" * 1000)
    log.close()
    (line,) = lines(tmp_path / "audit.jsonl")
    assert line["event"] == "security"
    assert len(str(line["path"])) < 210


def test_a_flood_is_counted_and_the_next_minute_is_written_again(tmp_path: Path) -> None:
    seconds = [NOW]
    log = AuditLog(tmp_path, wall=lambda: seconds[0])
    for _ in range(150):
        log.security("token")
    seconds[0] += 61
    log.security("token")
    log.close()
    written = lines(tmp_path / "audit.jsonl")
    assert len(written) == 102
    assert (written[100]["what"], written[100]["count"]) == ("not_written", 50)


def test_a_key_is_taken_once(tmp_path: Path) -> None:
    store = OrderStore(tmp_path / "orders", now=NOW)
    assert [store.begin(record("a")), store.begin(record("a"))] == [True, False]
    store.close()


def test_an_answer_is_kept_and_neither_lost_nor_forgotten(tmp_path: Path) -> None:
    store = OrderStore(tmp_path / "orders", now=NOW)
    store.begin(record("a"))
    store.answer("a", b'{"result":1}')
    store.lose("a", "late")
    store.forget("a")
    store.close()
    store = OrderStore(tmp_path / "orders", now=NOW)
    found = store.find("a")
    store.close()
    assert found is not None
    assert (found.state, found.answer, found.view()["result"]) == (OrderState.ANSWERED, b'{"result":1}', 1)


def test_keys_are_forgotten_after_their_time_only(tmp_path: Path) -> None:
    store = OrderStore(tmp_path / "orders", now=NOW)
    store.begin(record("old", NOW - 1))
    store.begin(record("new", NOW + 1))
    store.close()
    store = OrderStore(tmp_path / "orders", now=NOW + KEPT_S)
    assert store.find("old") is None
    assert store.find("new") is not None
    store.close()


def test_a_store_belongs_to_one_process_and_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    store = OrderStore(tmp_path / "orders", now=NOW)
    with pytest.raises(StoreInUse, match="another bridge works in"):
        OrderStore(tmp_path / "orders", now=NOW)
    store.close()
    (tmp_path / "text").write_text("no database " * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        OrderStore(tmp_path / "text", now=NOW)


def test_the_kill_file_may_be_made_by_hand(tmp_path: Path) -> None:
    switch = KillSwitch(tmp_path)
    assert not switch.is_engaged
    for text, reason in (("", None), ("stop!", "stop!"), ('{"reason": "why"}', "why"), ("[1]", "[1]")):
        switch.file.write_text(text)
        assert (switch.state().is_engaged, switch.state().reason) == (True, reason)
    switch.engage("another reason")
    assert switch.state().reason == "[1]"
    switch.release()
    switch.release()
    assert not switch.state().is_engaged


def test_a_kill_file_that_cannot_be_looked_at_counts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert KillSwitch(tmp_path / ("x" * 5000)).is_engaged
