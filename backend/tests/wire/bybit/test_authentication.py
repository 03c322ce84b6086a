"""Who gets in: keys, signatures over the raw bytes, the time window, permissions."""

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from edgerunner.simulators.bybit.auth import ApiKey
from tests.wire.bybit.kit import ACCOUNT, KEY, Simulator, limit_order, now_ms, sign, signed_headers

INFO = "/v5/account/info"


async def info(simulator: Simulator, query: str = "", **changes: object) -> tuple[int, int, str]:
    reply = await simulator.request("GET", INFO, query=query, headers=signed_headers(query, **changes))  # type: ignore[arg-type]
    return reply.status, reply.code, reply.body["retMsg"]


async def test_the_signature_covers_the_query_as_it_was_sent(simulator: Simulator) -> None:
    assert (await info(simulator, "b=2&a=%31&c="))[:2] == (200, 0)
    headers = signed_headers("a=1&b=2")
    reply = await simulator.request("GET", INFO, query="b=2&a=1", headers=headers)
    assert reply.code == 10004


@pytest.mark.parametrize(
    "text", ['{"category": "linear",  "symbol":"BTCUSDT"}', '{"symbol":"BTCUSDT","category":"linear"}']
)
async def test_the_signature_covers_the_body_as_it_was_sent(simulator: Simulator, text: str) -> None:
    path = "/v5/order/cancel-all"
    reply = await simulator.request("POST", path, text=text, headers=signed_headers(text))
    assert reply.result == {"list": [], "success": "1"}
    changed = text.replace(" ", "") + " "
    assert (await simulator.request("POST", path, text=changed, headers=signed_headers(text))).code == 10004


async def test_missing_headers_are_401_and_unknown_keys_10003(simulator: Simulator) -> None:
    assert (await simulator.request("GET", INFO)).status == 401
    assert (await info(simulator, key="nobody"))[1] == 10003
    assert (await info(simulator, secret="other"))[1] == 10004


async def test_the_time_window_is_inclusive_behind_and_exclusive_a_second_ahead(simulator: Simulator) -> None:
    assert (await info(simulator, timestamp_ms=now_ms() - 4000))[1] == 0
    assert (await info(simulator, timestamp_ms=now_ms() + 500))[1] == 0
    stale = now_ms() - 6000
    _, code, text = await info(simulator, timestamp_ms=stale)
    assert code == 10002
    assert text.startswith("invalid request, please check your server timestamp or recv_window param. ")
    assert f"req_timestamp[{stale}],server_timestamp[" in text
    assert text.endswith("],recv_window[5000]")
    assert (await info(simulator, timestamp_ms=now_ms() + 1500))[1] == 10002


async def test_a_wrong_venue_clock_makes_right_stamps_wrong_and_shows_in_server_time(simulator: Simulator) -> None:
    simulator.faults.add("bybit", "clock_offset", params={"offset_s": 30})
    assert (await info(simulator))[1] == 10002
    server_ms = int((await simulator.get("/v5/market/time")).result["timeNano"]) // 1_000_000
    assert (await info(simulator, timestamp_ms=server_ms))[1] == 0


async def test_a_read_only_key_may_look_but_not_trade(simulator: Simulator) -> None:
    simulator.server.keys.add(ApiKey(key="look", secret="look-secret", account_id=ACCOUNT, user_id=2, read_only=True))
    assert (await info(simulator, key="look", secret="look-secret"))[1] == 0
    text = "{}"
    headers = signed_headers(text, key="look", secret="look-secret")
    assert (await simulator.request("POST", "/v5/order/create", text=text, headers=headers)).code == 10005


async def test_an_rsa_key_signs_requests_and_sockets(simulator: Simulator) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    simulator.server.keys.add(ApiKey(key="rsa", public_key_pem=public.decode(), account_id=ACCOUNT, user_id=3))

    def rsa_sign(text: str) -> str:
        return base64.b64encode(private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    stamp = str(now_ms())
    headers = {"X-BAPI-API-KEY": "rsa", "X-BAPI-TIMESTAMP": stamp, "X-BAPI-RECV-WINDOW": "5000"}
    signature = rsa_sign(f"{stamp}rsa5000accountType=UNIFIED")
    path = "/v5/account/wallet-balance"
    good = await simulator.request(
        "GET", path, query="accountType=UNIFIED", headers=headers | {"X-BAPI-SIGN": signature}
    )
    assert good.code == 0
    for wrong in (rsa_sign("other"), "no base64!", hashlib.sha256(b"x").hexdigest()):
        reply = await simulator.request(
            "GET", path, query="accountType=UNIFIED", headers=headers | {"X-BAPI-SIGN": wrong}
        )
        assert reply.code == 10004
    socket = await simulator.open("/v5/private")
    expires = now_ms() + 1000
    answer = await socket.ask({"op": "auth", "args": ["rsa", expires, rsa_sign(f"GET/realtime{expires}")]})
    assert answer["success"] is True


async def test_wrong_paths_methods_and_bodies_get_their_http_status(simulator: Simulator) -> None:
    assert (await simulator.get("/v5/no/such/path")).status == 404
    assert (await simulator.request("GET", "/v5/order/create")).status == 404
    assert (await simulator.request("PUT", "/v5/market/time")).status == 400
    assert (await simulator.request("GET", "/v5/market/time", text="{}")).status == 403
    assert (await simulator.get("/v5/public/nothing")).status == 404


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '"x"', "{", "\x00", '{"category":7}', '{"category":"linear","symbol":[]}']
)
async def test_malformed_bodies_are_10001_and_hurt_nobody(simulator: Simulator, text: str) -> None:
    reply = await simulator.request("POST", "/v5/order/create", text=text, headers=signed_headers(text))
    assert (reply.status, reply.code) == (200, 10001)
    assert (await simulator.post("/v5/order/create", limit_order(simulator))).code == 0


async def test_a_body_that_is_not_utf8_or_too_large_is_10001(simulator: Simulator) -> None:
    stamp = str(now_ms())
    raw = b'{"category":"\xff\xfe"}'
    payload = f"{stamp}{KEY}5000".encode() + raw
    headers = {
        "X-BAPI-API-KEY": KEY,
        "X-BAPI-TIMESTAMP": stamp,
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": hmac.new(b"sim-secret", payload, hashlib.sha256).hexdigest(),
    }
    assert (await simulator.request("POST", "/v5/order/create", text=raw, headers=headers)).code == 10001
    large = "{" + " " * 200_000 + "}"
    reply = await simulator.request("POST", "/v5/order/create", text=large, headers=signed_headers(large))
    assert reply.code == 10001


async def test_sockets_refuse_wrong_authentication_without_closing(simulator: Simulator) -> None:
    socket = await simulator.open("/v5/private")
    assert (await socket.ask({"op": "subscribe", "args": ["order"]}))["ret_msg"] == "Request not authorized"
    expires = now_ms() + 1000
    for args in ([], [KEY, expires, "wrong"], ["nobody", expires, "x"], [KEY, now_ms() - 1, sign("x")], [1, 2, 3]):
        answer = await socket.ask({"op": "auth", "args": args})
        assert (answer["success"], answer["op"]) == (False, "auth")
    late = str(now_ms() - 10)
    assert (await socket.ask({"op": "auth", "args": [KEY, late, sign(f"GET/realtime{late}")]}))["success"] is False
    text = str(expires)
    good = await socket.ask({"op": "auth", "req_id": 7, "args": [KEY, text, sign(f"GET/realtime{text}")]})
    assert (good["success"], good["req_id"], good["ret_msg"]) == (True, 7, "")
