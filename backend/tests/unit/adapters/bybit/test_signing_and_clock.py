"""Signatures are the documented ones, and the server's clock is followed without the wall clock."""

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from edgerunner.adapters.bybit.options import Credentials
from edgerunner.adapters.bybit.server_clock import ServerClock
from edgerunner.adapters.bybit.signing import Signer
from tests.unit.adapters.bybit.samples import HMAC, START_NS, HandClock


def test_rest_signature_covers_time_key_window_and_payload() -> None:
    headers = Signer(HMAC, 5000).headers(timestamp_ms=1672211928338, payload="category=linear&symbol=BTCUSDT")
    text = "1672211928338" + "key-0123456789" + "5000" + "category=linear&symbol=BTCUSDT"
    assert headers["X-BAPI-SIGN"] == hmac.new(b"secret-0123456789", text.encode(), hashlib.sha256).hexdigest()
    assert headers["X-BAPI-TIMESTAMP"] == "1672211928338"
    assert headers["X-BAPI-RECV-WINDOW"] == "5000"


def test_login_signs_the_expiry() -> None:
    key, expires, signature = Signer(HMAC, 5000).login(expires_ms=1672211928338)
    assert (key, expires) == ("key-0123456789", 1672211928338)
    assert signature == hmac.new(b"secret-0123456789", b"GET/realtime1672211928338", hashlib.sha256).hexdigest()


def test_rsa_signature_is_base64_and_verifies() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    headers = Signer(Credentials(api_key="k", private_key=private), 5000).headers(timestamp_ms=1, payload="{}")
    private.public_key().verify(base64.b64decode(headers["X-BAPI-SIGN"]), b"1k5000{}", PKCS1v15(), SHA256())


def test_before_a_measurement_the_wall_clock_stands_in() -> None:
    clock = HandClock()
    assert ServerClock(clock).now_ns() == START_NS


@pytest.mark.parametrize("way_back_s", [0.1, 0.9, 3, 9])
def test_slow_measurement_never_runs_ahead_by_as_much_as_bybit_refuses(way_back_s: float) -> None:
    clock = HandClock()
    server = ServerClock(clock)
    sent = clock.monotonic_ns()
    clock.advance(10 - way_back_s)
    answered_ns = START_NS
    clock.advance(way_back_s)
    server.measured(server_ns=answered_ns, sent_ns=sent, received_ns=clock.monotonic_ns())
    truth_ns = answered_ns + round(way_back_s * 1e9)
    assert server.now_ns() - truth_ns < 1_000_000_000


def test_half_the_round_trip_is_taken_off() -> None:
    clock = HandClock()
    server = ServerClock(clock)
    sent = clock.monotonic_ns()
    clock.advance(0.2)
    server.measured(server_ns=START_NS + 10_000_000_000, sent_ns=sent, received_ns=clock.monotonic_ns())
    assert server.now_ns() == START_NS + 10_100_000_000
    assert server.round_trip_ms == 200


def test_jump_of_the_wall_clock_changes_nothing() -> None:
    clock = HandClock()
    server = ServerClock(clock)
    server.measured(server_ns=START_NS, sent_ns=clock.monotonic_ns(), received_ns=clock.monotonic_ns())
    clock.wall_ns -= 3_600_000_000_000
    clock.advance(1)
    assert server.now_ns() == START_NS + 1_000_000_000
    assert server.at(clock.time_ns()) == server.now_ns()


def test_measurement_gets_due() -> None:
    clock = HandClock()
    server = ServerClock(clock)
    assert server.is_due(300 * 10**9)
    server.measured(server_ns=START_NS, sent_ns=clock.monotonic_ns(), received_ns=clock.monotonic_ns())
    assert not server.is_due(300 * 10**9)
    clock.advance(300)
    assert server.is_due(300 * 10**9)
