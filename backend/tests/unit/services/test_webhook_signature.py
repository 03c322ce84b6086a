"""Standard Webhooks signatures against the vector that the specification's own libraries test with."""

import pytest

from edgerunner.services.webhook_signature import WebhookHeaders, is_signed, secret_of, sign, webhook_headers

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID, TIMESTAMP_S, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
NOW_NS = TIMESTAMP_S * 1_000_000_000


def headers(*signatures: str, timestamp_s: int = TIMESTAMP_S) -> WebhookHeaders:
    return WebhookHeaders(message_id=MESSAGE_ID, timestamp_s=timestamp_s, signatures=signatures or (SIGNATURE,))


def test_the_published_vector_is_reproduced() -> None:
    assert sign(SECRET, message_id=MESSAGE_ID, timestamp_s=TIMESTAMP_S, body=BODY) == SIGNATURE
    assert is_signed(headers(), BODY, [SECRET], now_ns=NOW_NS)


def test_a_changed_body_id_or_time_is_not_signed() -> None:
    assert not is_signed(headers(), BODY + b" ", [SECRET], now_ns=NOW_NS)
    assert not is_signed(headers(timestamp_s=TIMESTAMP_S + 1), BODY, [SECRET], now_ns=NOW_NS)
    other = WebhookHeaders(message_id="msg_other", timestamp_s=TIMESTAMP_S, signatures=(SIGNATURE,))
    assert not is_signed(other, BODY, [SECRET], now_ns=NOW_NS)


@pytest.mark.parametrize(("offset_s", "is_valid"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_a_message_is_good_for_five_minutes_either_way(offset_s: int, is_valid: bool) -> None:
    assert is_signed(headers(), BODY, [SECRET], now_ns=NOW_NS + offset_s * 1_000_000_000) is is_valid


def test_one_of_several_signatures_and_secrets_is_enough() -> None:
    old = secret_of(bytes(range(32)))
    assert is_signed(headers("v1a,other", "v1,AAAA", SIGNATURE), BODY, [old, SECRET], now_ns=NOW_NS)
    assert not is_signed(headers("v1,AAAA"), BODY, [old, SECRET], now_ns=NOW_NS)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_message_without_one_of_the_headers_is_not_signed(missing: str) -> None:
    whole = {"webhook-id": MESSAGE_ID, "webhook-timestamp": str(TIMESTAMP_S), "webhook-signature": SIGNATURE}
    assert webhook_headers(whole) == headers()
    assert webhook_headers({name: value for name, value in whole.items() if name != missing}) is None


@pytest.mark.parametrize("time", ["-1", "1e9", "1614265330.5", "٣", "9" * 13])
def test_a_time_that_is_no_plain_unix_time_is_no_header(time: str) -> None:
    assert webhook_headers({"webhook-id": "1", "webhook-timestamp": time, "webhook-signature": "v1,x"}) is None
