"""The EA link's port, as an EA sees it: hello, tokens, limits, commands, ends."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edgerunner.mt5_bridge.ea_link import EaLink, EaLinkRefused, TradingRefused
from edgerunner.mt5_bridge.ea_messages import EaHello, EaTick, EaTransaction
from edgerunner.mt5_bridge.ea_session import EaClosed, EaEvent, EaGap, EaLimits
from tests.waiting import until
from tests.wire.mt5_bridge.certificates import make_certificate

TOKEN = "a-token-for-an-ea-attached-by-hand"
HELLO = {
    "type": "hello",
    "seq": 1,
    "protocol": 1,
    "token": TOKEN,
    "session": "",
    "expert": "EdgerunnerBridge",
    "version": "1.00",
    "build": 5836,
    "login": 1000001,
    "server": "Edgerunner-Sim",
    "demo": True,
    "trade": False,
    "symbol": "EURUSD",
    "period": "PERIOD_H1",
}
TICK = {"type": "tick", "symbol": "EURUSD", "time_msc": 1, "last": 0, "volume": 0, "flags": 6}
BY_HAND = "ea-1000001-1"


class Expert:
    """A client of the link that says what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, message: object) -> None:
        await self.raw(json.dumps(message).encode() + b"\n")

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def hear(self) -> dict[str, Any] | None:
        async with asyncio.timeout(5):
            line = await self._reader.readline()
        return json.loads(line) if line else None

    async def ended(self) -> bool:
        async with asyncio.timeout(5):
            try:
                return await self._reader.read() == b""
            except ConnectionError:
                return True

    def close(self) -> None:
        self._writer.close()


class Link:
    """A running link with everything it told."""

    def __init__(self, link: EaLink) -> None:
        self.link = link
        self.events: list[tuple[str, EaEvent]] = []
        link.add_listener(lambda session, event: self.events.append((session, event)))

    async def expert(self, **changes: object) -> Expert:
        expert = await self.stranger()
        await expert.say({**HELLO, **changes})
        return expert

    async def stranger(self) -> Expert:
        return Expert(*await asyncio.open_connection("127.0.0.1", self.link.port))

    async def told(self, kind: type[EaEvent]) -> Any:
        async def find() -> EaEvent | None:
            return next((event for _, event in self.events if isinstance(event, kind)), None)

        return await until(find, timeout_s=5, what=f"the link tells {kind.__name__}")


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[Link]:
    link = EaLink(token=TOKEN, **settings)
    await link.start()
    try:
        yield Link(link)
    finally:
        await link.stop()


async def test_an_ea_with_the_token_is_welcome_and_its_ticks_stay_exact() -> None:
    async with running() as link:
        expert = await link.expert()
        assert (await expert.hear()) == {"type": "welcome", "protocol": 1, "silence_ms": 15000}
        await expert.raw(json.dumps({**TICK, "seq": 2, "ask": 2}).encode()[:-1] + b', "bid": 1.10010}\n')
        tick: EaTick = await link.told(EaTick)
        assert str(tick.bid) == "1.10010"
        assert tick.ask == Decimal(2)
        assert link.link.sessions[BY_HAND].login == 1000001
        expert.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"token": "wrong"},
        {"token": ""},
        {"session": "ea-unknown"},
        {"protocol": 2},
        {"type": "tick"},
        {"login": "1000001"},
        {"expert": "x" * 300},
        {"extra": 1},
    ],
)
async def test_whoever_cannot_say_hello_rightly_is_refused_and_closed(changes: dict[str, object]) -> None:
    async with running() as link:
        expert = await link.expert(**changes)
        answer = await expert.hear()
        assert answer is not None
        assert answer["type"] == "refused"
        assert await expert.ended()
        assert link.link.sessions == {}
        expert.close()


async def test_without_a_token_only_launched_eas_are_admitted() -> None:
    link = EaLink()
    await link.start()
    try:
        expert = await Link(link).expert(token="")
        assert (await expert.hear()) == {"type": "refused", "code": "unauthorized"}
        expert.close()
    finally:
        await link.stop()


async def test_a_launch_has_a_token_of_its_own_that_opens_no_other_session() -> None:
    async with running() as link:
        token, other = link.link.expect("ea-1"), link.link.expect("ea-2")
        wrong = await link.expert(session="ea-1", token=other)
        assert (await wrong.hear()) == {"type": "refused", "code": "unauthorized"}
        right = await link.expert(session="ea-1", token=token)
        hello = await link.link.wait_hello("ea-1", 5)
        assert hello is not None
        assert link.link.is_connected("ea-1")
        again = await link.expert(session="ea-1", token=token)
        assert (await again.hear()) == {"type": "refused", "code": "unauthorized"}
        link.link.forget("ea-1")
        assert (await right.hear()) is not None
        assert await right.ended()
        late = await link.expert(session="ea-1", token=token)
        assert (await late.hear()) == {"type": "refused", "code": "unauthorized"}
        for expert in (wrong, right, again, late):
            expert.close()


async def test_no_hello_in_time_is_none() -> None:
    async with running() as link:
        link.link.expect("ea-1")
        assert await link.link.wait_hello("ea-1", 0.05) is None


async def test_a_connection_that_says_nothing_is_closed_and_takes_no_place() -> None:
    async with running(limits=EaLimits(hello_timeout_s=0.1, maximum_waiting=1)) as link:
        silent = await link.stranger()
        assert (await silent.hear()) == {"type": "refused", "code": "protocol"}
        expert = await link.expert()
        assert (await expert.hear()) is not None
        silent.close()
        expert.close()


async def test_too_many_sessions_are_closed_without_a_word() -> None:
    async with running(limits=EaLimits(maximum_sessions=1)) as link:
        first = await link.expert()
        assert (await first.hear()) is not None
        second = await link.expert()
        assert await second.ended()
        first.close()
        second.close()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"no json\n", "protocol"),
        (b'{"type":"tick","seq":2}\n', "protocol"),
        (b'{"type":"heartbeat","seq":1,"time_msc":0}\n', "protocol"),
        (b'{"type":"heartbeat","seq":2,"time_msc":0,"more":1}\n', "protocol"),
        (b"x" * 70_000 + b"\n", "protocol"),
        (b'{"type":"goodbye","seq":2,"reason":3}\n', "goodbye"),
        (json.dumps({**HELLO, "seq": 2}).encode() + b"\n", "protocol"),
    ],
)
async def test_a_session_ends_at_what_breaks_the_protocol(line: bytes, reason: str) -> None:
    async with running() as link:
        expert = await link.expert()
        await expert.hear()
        await expert.raw(line)
        assert (await link.told(EaClosed)) == EaClosed(reason=reason)
        expert.close()


async def test_a_silent_ea_is_dropped_and_one_with_heartbeats_stays() -> None:
    async with running(limits=EaLimits(silence_s=0.3)) as link:
        expert = await link.expert()
        await expert.hear()
        await expert.say({"type": "heartbeat", "seq": 2, "time_msc": 5})
        assert (await expert.hear()) == {"type": "heartbeat"}
        assert (await link.told(EaClosed)) == EaClosed(reason="silent")
        expert.close()


async def test_an_ea_that_floods_the_link_is_dropped() -> None:
    async with running(limits=EaLimits(messages_per_s=20)) as link:
        expert = await link.expert()
        await expert.hear()
        lines = (json.dumps({**TICK, "seq": seq, "bid": 1, "ask": 1}) + "\n" for seq in range(2, 100))
        await expert.raw("".join(lines).encode())
        assert (await link.told(EaClosed)) == EaClosed(reason="too_fast")
        expert.close()


async def test_a_hole_in_the_numbers_is_told_before_what_follows_it() -> None:
    async with running() as link:
        expert = await link.expert()
        await expert.hear()
        await expert.say({**TICK, "seq": 5, "bid": 1, "ask": 1})
        await link.told(EaTick)
        assert [type(event) for _, event in link.events] == [EaHello, EaGap, EaTick]
        assert (await link.told(EaGap)) == EaGap(missing=3)
        expert.close()


async def test_commands_are_answered_by_their_number_in_any_order() -> None:
    async with running() as link:
        expert = await link.expert()
        await expert.hear()
        both = asyncio.gather(
            link.link.command(BY_HAND, "ping", {}, timeout_s=5),
            link.link.command(BY_HAND, "subscribe", {"symbol": "GBPUSD", "n": Decimal("0.10")}, timeout_s=5),
        )
        first, second = await expert.hear(), await expert.hear()
        assert first is not None
        assert second == {
            "type": "command", "id": 2, "name": "subscribe", "args": {"symbol": "GBPUSD", "n": "0.10"},
        }  # fmt: skip
        await expert.say({"type": "reply", "seq": 2, "id": 2, "ok": False, "result": {}, "error": "no"})
        await expert.say({"type": "reply", "seq": 3, "id": 99, "ok": True, "result": {}, "error": ""})
        await expert.say({"type": "reply", "seq": 4, "id": first["id"], "ok": True, "result": {"time": 7}, "error": ""})
        ping, subscribe = await both
        assert (ping.result, subscribe.ok, subscribe.error) == ({"time": 7}, False, "no")
        expert.close()


async def test_a_command_without_an_answer_times_out_and_its_late_answer_is_dropped() -> None:
    async with running() as link:
        expert = await link.expert()
        await expert.hear()
        with pytest.raises(TimeoutError):
            await link.link.command(BY_HAND, "ping", {}, timeout_s=0.05)
        await expert.hear()
        await expert.say({"type": "reply", "seq": 2, "id": 1, "ok": True, "result": {}, "error": ""})
        await expert.say({**TICK, "seq": 3, "bid": 1, "ask": 1})
        await link.told(EaTick)
        assert link.link.is_connected(BY_HAND)
        expert.close()


async def test_a_command_fails_when_the_ea_leaves_before_it_answers() -> None:
    async with running() as link:
        expert = await link.expert()
        await expert.hear()
        waiting = asyncio.ensure_future(link.link.command(BY_HAND, "ping", {}, timeout_s=5))
        await expert.hear()
        expert.close()
        with pytest.raises(ConnectionError):
            await waiting
        with pytest.raises(ConnectionError, match="not connected"):
            await link.link.command(BY_HAND, "ping", {}, timeout_s=5)


async def test_more_commands_than_an_ea_may_owe_are_refused_unsent() -> None:
    async with running(limits=EaLimits(maximum_commands=1)) as link:
        expert = await link.expert()
        await expert.hear()
        waiting = asyncio.ensure_future(link.link.command(BY_HAND, "ping", {}, timeout_s=5))
        assert (await expert.hear()) is not None
        with pytest.raises(BlockingIOError):
            await link.link.command(BY_HAND, "ping", {}, timeout_s=5)
        expert.close()
        with pytest.raises(ConnectionError):
            await waiting


async def test_trading_commands_pass_only_where_somebody_checks_them() -> None:
    async with running() as link:
        expert = await link.expert()
        await expert.hear()
        with pytest.raises(TradingRefused):
            await link.link.command(BY_HAND, "order_send", {"volume": 1}, timeout_s=5)
        expert.close()

    def at_most_one_lot(name: str, args: Any) -> str | None:
        return "more than a lot" if args["volume"] > 1 else None

    async with running(check_trade=at_most_one_lot) as link:
        expert = await link.expert()
        await expert.hear()
        with pytest.raises(TradingRefused, match="more than a lot"):
            await link.link.command(BY_HAND, "order_send", {"volume": 2}, timeout_s=5)
        waiting = asyncio.ensure_future(link.link.command(BY_HAND, "order_send", {"volume": 1}, timeout_s=5))
        sent = await expert.hear()
        assert sent is not None
        assert sent["name"] == "order_send"
        await expert.say(
            {"type": "reply", "seq": 2, "id": sent["id"], "ok": True, "result": {"retcode": 10009}, "error": ""}
        )
        assert (await waiting).result == {"retcode": 10009}
        expert.close()


@pytest.mark.parametrize("kind", ["TRADE_TRANSACTION_DEAL_ADD", "TRADE_TRANSACTION_REQUEST"])
async def test_transactions_are_told_with_their_kind(kind: str) -> None:
    numbers = dict.fromkeys(("deal", "order", "order_type", "order_state", "deal_type", "position", "position_by"), 7)
    prices = dict.fromkeys(("price", "price_trigger", "sl", "tp", "volume"), 1.5)
    message = {
        "type": "transaction",
        "kind": kind,
        "symbol": "EURUSD",
        **numbers,
        **prices,
        "retcode": 0,
        "request_id": 0,
    }
    async with running() as link:
        expert = await link.expert()
        await expert.hear()
        await expert.say({**message, "seq": 2})
        transaction: EaTransaction = await link.told(EaTransaction)
        assert (transaction.kind, transaction.price, transaction.deal) == (kind, Decimal("1.5"), 7)
        expert.close()


async def test_a_port_that_others_reach_needs_tls() -> None:
    with pytest.raises(EaLinkRefused):
        EaLink(host="192.0.2.1", token=TOKEN)
    EaLink(host="192.0.2.1", token=TOKEN, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))


async def test_with_tls_an_ea_says_hello_and_plain_text_is_no_session(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    async with running(tls=tls) as link:
        trusting = ssl.create_default_context(cafile=str(certificate))
        expert = Expert(*await asyncio.open_connection("localhost", link.link.port, ssl=trusting))
        await expert.say(HELLO)
        assert (await expert.hear()) == {"type": "welcome", "protocol": 1, "silence_ms": 15000}
        plain = await link.expert()
        assert await plain.ended()
        assert list(link.link.sessions) == [BY_HAND]
        expert.close()
        plain.close()


async def test_stopping_does_not_wait_for_an_ea_that_does_not_read() -> None:
    link = EaLink(token=TOKEN)
    await link.start()
    expert = await Link(link).expert()
    await expert.hear()
    commands = [
        asyncio.ensure_future(link.command(BY_HAND, "ping", {"text": "x" * 60_000}, timeout_s=30)) for _ in range(60)
    ]
    async with asyncio.timeout(4):
        await link.stop()
    ended = await asyncio.gather(*commands, return_exceptions=True)
    assert {type(one) for one in ended} <= {ConnectionError, ConnectionResetError}
    expert.close()


async def test_stopping_ends_every_session() -> None:
    link = EaLink(token=TOKEN)
    await link.start()
    around = Link(link)
    expert = await around.expert()
    await expert.hear()
    await link.stop()
    assert await expert.ended()
    assert isinstance(around.events[-1][1], EaClosed)
    expert.close()
