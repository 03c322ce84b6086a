"""Logs: everything on stderr, nothing secret in it."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from edgerunner.logs import configure_logs, remember_secret

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
