"""The reference EA's own source, compiled against the shim and run against the real EA link."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from edgerunner.adapters.mt5.experts.inputs import read_inputs
from edgerunner.adapters.mt5.experts.link import LINK_INPUTS
from edgerunner.mt5_bridge.ea_link import EaLink
from edgerunner.mt5_bridge.ea_messages import EaHello, EaTick, EaTransaction
from edgerunner.mt5_bridge.ea_session import EaClosed, EaEvent, EaGap, EaLimits
from tests.waiting import until
from tests.wire.mt5_experts.conftest import SOURCE, run_check

SESSION = "ea-test"
TRADING = {"InpAllowTrading": "true", "InpMaxVolume": "0.5"}
ORDER = {
    "action": 1, "symbol": "EURUSD", "volume": "0.10", "type": 0, "price": "1.10512", "deviation": 10, "magic": 77,
    "comment": 'a "quoted" \\ \u00fc\nword', "type_filling": 1,
}  # fmt: skip


class Terminal:
    """Plays the terminal on the EA's pipes: see ``mt5/shim/runtime.cpp``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._in, self._out = process, process.stdin, process.stdout
        self.printed: list[str] = []

    async def say(self, *messages: str) -> None:
        """Send messages whose fields stand apart by ``|``."""
        self._in.write("".join(message.replace("|", "\t") + "\n" for message in messages).encode())
        await self._in.drain()

    async def hear(self, kind: str) -> list[str]:
        """Return the next message of a kind; what the EA prints is kept."""
        async with asyncio.timeout(10):
            while line := await self._out.readline():
                fields = line.decode().rstrip("\n").split("\t")
                if fields[0] == "print":
                    self.printed.append(fields[1])
                if fields[0] == kind:
                    return fields[1:]
        raise AssertionError(f"the EA ended without {kind}; it printed {self.printed}")

    async def exit_code(self) -> int:
        async with asyncio.timeout(10):
            return await self._process.wait()


class Bench:
    """A link, the EA, and its terminal."""

    def __init__(self, link: EaLink, terminal: Terminal) -> None:
        self.link, self.terminal = link, terminal
        self.events: list[EaEvent] = []
        link.add_listener(lambda _, event: self.events.append(event))

    async def told(self, kind: type[EaEvent], count: int = 1) -> Any:
        async def find() -> EaEvent | None:
            found = [event for event in self.events if isinstance(event, kind)]
            return found[count - 1] if len(found) >= count else None

        return await until(
            find, timeout_s=15, what=f"event {count} of {kind.__name__}; it printed {self.terminal.printed}"
        )

    async def ready(self) -> EaHello:
        """Wait until the EA has read its welcome: pushes before that are dropped."""
        hello: EaHello = await self.told(EaHello)
        assert (await self.command("ping")).ok
        return hello

    async def command(self, name: str, args: dict[str, object] | None = None) -> Any:
        return await self.link.command(SESSION, name, args or {}, timeout_s=10)


@asynccontextmanager
async def running(
    program: Path, inputs: Mapping[str, str] | None = None, *, limits: EaLimits | None = None
) -> AsyncIterator[Bench]:
    link = EaLink(limits=limits, check_trade=lambda name, args: None)
    await link.start()
    token = link.expect(SESSION)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(str(program), stdin=pipe, stdout=pipe)
    terminal = Terminal(process)
    bench = Bench(link, terminal)
    try:
        await terminal.say("init|EURUSD|H1|1000001|Edgerunner-Sim|0|5836|1")
        known = {"InpBridgePort": str(link.port), "InpBridgeToken": token, "InpSession": SESSION, "InpTimerMs": "20"}
        await terminal.say(*(f"input|{name}|{value}" for name, value in {**known, **(inputs or {})}.items()))
        await terminal.say("account|100000.5|100000.5|0|100000.5|USD|2", "start")
        yield bench
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await link.stop()


def test_the_source_passes_the_shims_check(compiler: None) -> None:
    done = run_check(str(SOURCE))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("g_backoff = 1000;", "g_backoff = 1000", "expected"),
        ("SocketCreate()", "SocketKreate()", "SocketKreate"),
        ("request.volume       = volume;", "request.volumen = volume;", "volumen"),
        ("SocketClose(g_socket);", "SocketClose(g_socket, 1);", "too many arguments"),
    ],
)
def test_the_check_refuses_what_is_misspelt(compiler: None, tmp_path: Path, good: str, bad: str, said: str) -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert good in text
    broken = tmp_path / "Broken.mq5"
    broken.write_text(text.replace(good, bad, 1), encoding="utf-8")
    done = run_check(str(broken))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Broken.mq5:" in done.stderr


def test_the_ea_has_the_inputs_that_a_launch_fills_in() -> None:
    names = {spec.name for spec in read_inputs(SOURCE.read_text(encoding="utf-8"))}
    assert set(LINK_INPUTS) <= names
    assert {"InpAllowTrading", "InpMaxVolume"} <= names


def test_the_source_says_that_metaeditor_has_not_compiled_it() -> None:
    assert "NOT COMPILED BY METAEDITOR" in SOURCE.read_text(encoding="utf-8")[:1500]


async def test_it_says_hello_and_pushes_ticks_with_the_symbols_digits(reference_ea: Path) -> None:
    async with running(reference_ea) as bench:
        hello = await bench.ready()
        assert (hello.expert, hello.login, hello.server) == ("EdgerunnerBridge", 1000001, "Edgerunner-Sim")
        assert (hello.demo, hello.trade, hello.symbol, hello.period) == (True, False, "EURUSD", "PERIOD_H1")
        await bench.terminal.say("tick|EURUSD|1700000000123|1.1|1.10012|0|0|134|5|3")
        tick: EaTick = await bench.told(EaTick)
        assert (str(tick.bid), str(tick.ask), tick.time_msc, tick.flags) == ("1.10000", "1.10012", 1700000000123, 134)


async def test_it_answers_commands(reference_ea: Path) -> None:
    async with running(reference_ea) as bench:
        await bench.told(EaHello)
        await bench.terminal.say("positions", 'position|42|EURUSD|1|7|0.25|1.1|0|0|-3.5|say "hi" ü')
        account = (await bench.command("account")).result
        assert (account["balance"], account["currency"], account["login"]) == ("100000.50", "USD", 1000001)

        async def held() -> Any:
            return (await bench.command("positions")).result["positions"]

        (position,) = await until(held, timeout_s=5, what="the position is there")
        assert (position["ticket"], position["volume"], position["profit"]) == (42, "0.25000000", "-3.50")
        assert position["comment"] == 'say "hi" ü'
        unknown = await bench.command('made "up" ü')
        assert (unknown.ok, unknown.error) == (False, 'unknown command made "up" ü')


async def test_it_pushes_symbols_that_were_asked_for(reference_ea: Path) -> None:
    async with running(reference_ea) as bench:
        await bench.told(EaHello)
        asking = asyncio.ensure_future(bench.command("subscribe", {"symbol": "GOLD#"}))
        assert await bench.terminal.hear("select") == ["GOLD#"]
        await bench.terminal.say("selected|1", "tick|GOLD#|1700000000500|2400.1|2400.35|0|0|6|2|1")
        assert (await asking).result == {"symbols": 1}
        tick: EaTick = await bench.told(EaTick)
        assert (tick.symbol, str(tick.bid)) == ("GOLD#", "2400.10")
        missing = asyncio.ensure_future(bench.command("subscribe", {"symbol": "NONE"}))
        await bench.terminal.hear("select")
        await bench.terminal.say("selected|0")
        assert (await missing).error == "no symbol NONE"


async def test_it_trades_only_when_its_own_inputs_say_so(reference_ea: Path) -> None:
    async with running(reference_ea) as bench:
        await bench.told(EaHello)
        refused = await bench.command("order_send", ORDER)
        assert (refused.ok, refused.error) == (False, "InpAllowTrading is off")
    async with running(reference_ea, TRADING) as bench:
        assert (await bench.told(EaHello)).trade
        refused = await bench.command("order_send", {**ORDER, "volume": "0.51"})
        assert refused.error == "the volume is above InpMaxVolume"


async def test_an_order_reaches_the_terminal_unchanged_and_its_result_comes_back(reference_ea: Path) -> None:
    async with running(reference_ea, TRADING) as bench:
        await bench.told(EaHello)
        sending = asyncio.ensure_future(bench.command("order_send", ORDER))
        sent = await bench.terminal.hear("send")
        assert sent[:4] == ["1", "77", "0", "EURUSD"]
        assert (Decimal(sent[4]), Decimal(sent[5]), sent[9:12]) == (
            Decimal("0.1"),
            Decimal("1.10512"),
            ["10", "0", "1"],
        )
        assert sent[14] == 'a "quoted" \\ ü word'  # the pipe between EA and terminal has no line breaks
        await bench.terminal.say("result|1|10009|900|901|0.1|1.10515|1.10514|1.10515|Request executed|5")
        result = (await sending).result
        assert (result["retcode"], result["deal"], result["order"], result["sent"]) == (10009, 900, 901, True)
        assert result["comment"] == "Request executed"


async def test_it_closes_a_position_against_its_side(reference_ea: Path) -> None:
    async with running(reference_ea, TRADING) as bench:
        await bench.ready()
        await bench.terminal.say("positions", "position|42|EURUSD|1|7|2.5|1.1|0|0|-3.5|")
        await bench.terminal.say("tick|EURUSD|1700000000123|1.10500|1.10512|0|0|6|5|1")
        await bench.told(EaTick)
        closing = asyncio.ensure_future(bench.command("close", {"position": 42}))
        sent = await bench.terminal.hear("send")
        assert (sent[0], sent[3], sent[10], sent[11], sent[15]) == ("1", "EURUSD", "0", "0", "42")
        assert (Decimal(sent[4]), Decimal(sent[5])) == (Decimal("2.5"), Decimal("1.10512"))
        await bench.terminal.say("result|1|10009|902|903|2.5|1.10512|1.105|1.10512||6")
        assert (await closing).result["retcode"] == 10009
        missing = await bench.command("close", {"position": 43})
        assert missing.error == "no position 43"


async def test_it_does_not_trade_on_a_real_account(reference_ea: Path) -> None:
    async with running(reference_ea, TRADING) as bench:
        await bench.ready()
        await bench.terminal.say("init|EURUSD|H1|1000001|Edgerunner-Sim|2|5836|1")
        await bench.terminal.say("tick|EURUSD|1700000000123|1.10500|1.10512|0|0|6|5|1")
        await bench.told(EaTick)
        order = await bench.command("order_send", ORDER)
        assert order.error == "the account is real and InpAllowLive is off"


async def test_it_pushes_trade_transactions(reference_ea: Path) -> None:
    async with running(reference_ea) as bench:
        await bench.ready()
        deal = "transaction|TRADE_TRANSACTION_DEAL_ADD|900|901|EURUSD|0|4|1|1.105|0|0|0|0.1|901|0|0|0"
        request = "transaction|TRADE_TRANSACTION_REQUEST|0|901|EURUSD|0|0|0|1.105|0|0|0|0.1|0|0|10009|5"
        await bench.terminal.say(deal, request)
        first: EaTransaction = await bench.told(EaTransaction)
        second: EaTransaction = await bench.told(EaTransaction, 2)
        assert (first.kind, first.deal, first.order, first.position) == ("TRADE_TRANSACTION_DEAL_ADD", 900, 901, 901)
        assert (first.deal_type, first.order_state, first.volume) == (1, 4, Decimal("0.1"))
        assert (second.kind, second.retcode, second.request_id) == ("TRADE_TRANSACTION_REQUEST", 10009, 5)


async def test_heartbeats_keep_an_idle_session_alive(reference_ea: Path) -> None:
    async with running(reference_ea, limits=EaLimits(silence_s=3)) as bench:
        await bench.told(EaHello)
        loop = asyncio.get_running_loop()
        begun = loop.time()

        async def longer_than_the_silence() -> bool:
            return loop.time() - begun > 3.5

        await until(longer_than_the_silence, timeout_s=10, what="more than the longest silence has passed")
        assert bench.link.is_connected(SESSION)
        assert not [event for event in bench.events if isinstance(event, EaClosed)]


async def test_it_comes_back_after_the_link_was_gone_and_its_numbers_go_on(reference_ea: Path) -> None:
    async with running(reference_ea) as bench:
        first: EaHello = await bench.told(EaHello)
        port = bench.link.port
        await bench.link.stop()
        await bench.terminal.say(*(f"tick|EURUSD|170000000{i}000|1.1|1.2|0|0|6|5|3" for i in range(4)))
        again = EaLink(port=port)
        again._expected, again._hellos = bench.link._expected, bench.link._hellos
        seen: list[EaEvent] = []
        again.add_listener(lambda _, event: seen.append(event))
        await again.start()
        try:

            async def connected() -> bool:
                return again.is_connected(SESSION)

            await until(connected, timeout_s=15, what="the EA is connected again")
            assert isinstance(seen[0], EaHello)
            assert seen[0].seq > first.seq + 1
        finally:
            await again.stop()


async def test_a_wrong_token_is_told_in_the_journal(reference_ea: Path) -> None:
    async with running(reference_ea, {"InpBridgeToken": "wrong"}) as bench:
        assert await bench.terminal.hear("print") == ["EA link: refused: unauthorized"]
        assert bench.events == []


async def test_it_says_goodbye_when_the_terminal_ends_it(reference_ea: Path) -> None:
    async with running(reference_ea) as bench:
        await bench.ready()
        await bench.terminal.say("deinit|9")
        assert (await bench.told(EaClosed)) == EaClosed(reason="goodbye")
        assert await bench.terminal.exit_code() == 0
        assert not [event for event in bench.events if isinstance(event, EaGap)]


@pytest.mark.parametrize("inputs", [{"InpTimerMs": "5"}, {"InpBridgePort": "70000"}])
async def test_inputs_it_cannot_work_with_fail_its_start(reference_ea: Path, inputs: dict[str, str]) -> None:
    async with running(reference_ea, inputs) as bench:
        assert await bench.terminal.hear("failed") == ["32767"]
