"""Where a request comes from, and what of it may be written down."""

import pytest

from edgerunner.routes.addresses import UNKNOWN, address_of
from edgerunner.routes.auditing import is_audited, shown_fields
from edgerunner.routes.rights import RIGHTS
from edgerunner.services.identity.directory import networks_of

PROXIES = networks_of(["10.0.0.0/8"])


def scope(peer: str | None, *forwarded: str) -> dict[str, object]:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return {"type": "http", "headers": headers, "client": None if peer is None else (peer, 1)}


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.1", [], "203.0.113.1"),
        ("203.0.113.1", ["192.0.2.1"], "203.0.113.1"),
        ("10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.9, 192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.9, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.9", "192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        (None, ["192.0.2.1"], UNKNOWN),
    ],
)
def test_only_what_a_trusted_proxy_added_is_believed(peer: str | None, forwarded: list[str], address: str) -> None:
    assert address_of(scope(peer, *forwarded), PROXIES) == address


def test_no_header_is_believed_without_a_trusted_proxy() -> None:
    assert address_of(scope("10.0.0.1", "192.0.2.1"), ()) == "10.0.0.1"


def test_everything_that_changes_something_is_written_down_but_orders_and_tickets() -> None:
    silent = {call for call in RIGHTS if call[0] not in {"GET", "HEAD"} and not is_audited(*call)}
    assert {path.split("/")[1] for _, path in silent} == {"trade", "orders", "positions", "auth"}
    assert ("POST", "/auth/stream-ticket") in silent
    assert is_audited("GET", "/journal")
    assert not is_audited("GET", "/orders/status")


def test_fields_that_may_hold_a_secret_are_never_written_down() -> None:
    body = (
        b'{"broker":"bybit","credentials":{"api_key":"K"},"password":"P","new":"P","code":"1","secret":"S",'
        b'"options":{"token":"T"},"scopes":["read"],"role":null,"minutes":5,"limits":{"max_open_orders":5,"x":null}}'
    )
    assert shown_fields(body) == {
        "broker": "bybit",
        "scopes": ["read"],
        "minutes": 5,
        "limits": {"max_open_orders": "5"},
    }


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"null", b'"broker"'])
def test_a_body_that_is_no_object_shows_nothing(body: bytes) -> None:
    assert shown_fields(body) == {}
