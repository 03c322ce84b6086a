"""Logs: everything on stderr, nothing secret in it."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from edgerunner.log_repeats import Repeats
from edgerunner.logs import REDACTED, configure_logs, redact, remember_secret

PLANTED = "planted-9f3b2c71d0e8"


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_reaches_the_log_by_any_way(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    configure_logs("debug", as_json=as_json)
    remember_secret(PLANTED)
    log = structlog.get_logger("test")
    log.info("named", api_key="abcdefgh-1", api_secret="abcdefgh-2", nested={"token": "abcdefgh-3"})
    log.info("in_text", url=f"http://host/?key={PLANTED}", items=[PLANTED], error=ValueError(PLANTED))
    logging.getLogger("foreign").warning("said %s", PLANTED)
    try:
        raise ValueError(PLANTED)
    except ValueError:
        log.exception("raised")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert PLANTED not in printed.err
    assert "abcdefgh" not in printed.err
    assert printed.err.count("[redacted]") >= 7


def test_json_lines_are_objects_and_keep_harmless_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=True)
    structlog.get_logger("test").info("order_sent", client_order_id="A1", count=3, api_key_file="/data/api_key")
    structlog.get_logger("test").debug("too_detailed")
    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert (entry["event"], entry["client_order_id"], entry["count"]) == ("order_sent", "A1", 3)
    assert entry["api_key_file"] == "/data/api_key"


def test_the_ids_of_an_order_stay_readable(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", as_json=True)
    ids = {
        "client_order_id": "01KB0S6M3V8Q4T2N7R5W9XYZAB",
        "venue_order_id": "9b1c2f6e-4f0a-4f27-9f5e-2b7f1d3a8c55",
        "connection_id": "bybit-sim",
        "request_id": "4f8e0a9b6c1d4e2f8a7b3c5d6e9f0a1b",
        "actor": "key:desk",
    }
    structlog.get_logger("test").info("order_accepted", **ids)
    entry = json.loads(capsys.readouterr().err)
    assert {name: entry[name] for name in ids} == ids


def test_a_storm_of_one_event_is_told_ten_times_a_minute_and_counted() -> None:
    now = [0.0]
    repeats = Repeats(lambda: now[0])

    def told(**fields: object) -> bool:
        try:
            repeats(None, "warning", {"event": "reconnecting", **fields})
        except structlog.DropEvent:
            return False
        return True

    assert sum(told(connection_id="a") for _ in range(500)) == 10
    assert told(connection_id="b"), "another connection has lines of its own"
    assert all(told(connection_id="a", client_order_id=f"A{number}") for number in range(50)), "orders are all told"
    now[0] = 61.0
    first = repeats(None, "warning", {"event": "reconnecting", "connection_id": "a"})
    assert first["left_out"] == 490


TOKEN_HEAD = "eyJhbGciOiJIUzI1NiJ9"


@pytest.mark.parametrize(
    "text",
    [
        f"Bearer {TOKEN_HEAD}.{TOKEN_HEAD}.c2lnbmF0dXJlIG9mIDMyIGJ5dGVz",
        "headers {'X-BAPI-SIGN': '" + "ab" * 32 + "'}",
        "x-bapi-sign=" + "0f" * 32,
    ],
)
def test_a_secret_is_known_by_its_shape(text: str) -> None:
    shown = str(redact(None, "info", {"event": text})["event"])
    assert REDACTED in shown
    assert "c2lnbmF0dXJl" not in shown
    assert "abab" not in shown
    assert "0f0f" not in shown


def test_what_a_caller_sends_begins_no_line_of_its_own() -> None:
    event = redact(
        None, "info", {"event": "refused", "path": "/x\r\n2026-01-01 [info] forged\u2028", "exception": "a\nb"}
    )
    assert event["path"] == "/x\\r\\n2026-01-01 [info] forged\\u2028"
    assert event["exception"] == "a\nb"
