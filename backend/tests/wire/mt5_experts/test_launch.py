"""Launching EAs in a simulated terminal: started, no hello, exited, refused."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from edgerunner.domain.errors import (
    BrokerRejected,
    Conflict,
    InvalidRequest,
    LiveNotAllowed,
    NotConnected,
    NotFound,
    Unsupported,
)
from edgerunner.domain.experts import ChartPeriod, InputKind, InputSpec, LaunchRequest, LaunchState
from edgerunner.mt5_bridge.ea_messages import EaTick, EaTransaction
from edgerunner.mt5_bridge.ea_session import EaEvent
from tests.waiting import until
from tests.wire.mt5_experts.conftest import SOURCE
from tests.wire.mt5_experts.lab import Lab, running_lab
from tests.wire.mt5_experts.test_ea_link import BY_HAND, TOKEN, Link

STAND_IN = LaunchRequest(terminal="lab", expert="EdgerunnerBridge", symbol="EURUSD", hello_timeout_s=20)


def texts(lab: Lab) -> str:
    return "\n".join(path.read_bytes().decode("utf-16") for path in sorted((lab.folder / "logs").glob("*.log")))


async def test_an_ea_is_started_when_it_has_said_hello(tmp_path: Path) -> None:
    async with running_lab(tmp_path, login=1000002) as lab:
        expert = await lab.runner.launch(replace(STAND_IN, period=ChartPeriod.M15))
        assert (expert.state, expert.connected, expert.exit_code) == (LaunchState.STARTED, True, None)
        assert expert.hello is not None
        assert (expert.hello.login, expert.hello.symbol, expert.hello.period) == (1000002, "EURUSD", "PERIOD_M15")
        assert expert.hello.is_demo
        assert expert.process_id is not None
        assert psutil.pid_exists(expert.process_id)
        assert await lab.runner.experts() == [replace(expert, journal=(await lab.runner.experts())[0].journal)]
        (terminal,) = await lab.runner.terminals()
        assert terminal.is_running
        assert terminal.experts == ("EdgerunnerBridge", "Examples/Moving Averages")


async def test_the_token_is_gone_from_the_disk_once_the_ea_runs(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        expert = await lab.runner.launch(STAND_IN)
        assert lab.preset_files() == []
        token = lab.link._expected[expert.expert_id].encode()
        left = [path for path in lab.folder.rglob("*") if path.is_file()]
        assert left
        for path in left:
            assert token not in path.read_bytes().replace(b"\0", b""), path


async def test_stopping_ends_the_process_and_its_ea(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        expert = await lab.runner.launch(STAND_IN)
        children = psutil.Process(expert.process_id).children()
        assert children
        stopped = await lab.runner.stop_expert(expert.expert_id)
        assert (stopped.state, stopped.connected, stopped.exit_code) == (LaunchState.STOPPED, False, 0)
        assert not any(child.is_running() for child in children)
        assert "exit with code 0" in texts(lab)
        assert (await lab.runner.stop_expert(expert.expert_id)).state is LaunchState.STOPPED
        again = await lab.runner.launch(STAND_IN)
        assert again.state is LaunchState.STARTED


async def test_messages_are_answered_by_the_ea(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        expert = await lab.runner.launch(STAND_IN)
        account = await lab.runner.message(expert.expert_id, "account", {}, timeout_s=10)
        assert (account["login"], account["currency"]) == (1000001, "USD")
        with pytest.raises(BrokerRejected, match="unknown command dance"):
            await lab.runner.message(expert.expert_id, "dance", {}, timeout_s=10)
        with pytest.raises(Unsupported, match="order path"):
            await lab.runner.message(expert.expert_id, "order_send", {}, timeout_s=10)
        with pytest.raises(InvalidRequest, match="longer than"):
            await lab.runner.message(expert.expert_id, "ping", {"text": "x" * 70_000}, timeout_s=10)
        with pytest.raises(NotFound):
            await lab.runner.message("ea-none", "ping", {}, timeout_s=10)
        await lab.runner.stop_expert(expert.expert_id)
        with pytest.raises(NotConnected):
            await lab.runner.message(expert.expert_id, "ping", {}, timeout_s=10)


async def test_an_ea_that_never_connects_is_no_hello_with_its_journal(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(mute_expert=True)
        expert = await lab.runner.launch(replace(STAND_IN, hello_timeout_s=4))
        assert (expert.state, expert.connected, expert.exit_code) == (LaunchState.NO_HELLO, False, None)
        assert any("loaded successfully" in line.text for line in expert.journal)


async def test_a_preset_that_mt5_ignored_shows_as_no_hello(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(ignore_preset=True)
        expert = await lab.runner.launch(replace(STAND_IN, hello_timeout_s=4))
        assert expert.state is LaunchState.NO_HELLO


async def test_a_terminal_that_ends_at_once_is_exited(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(exit_after_start=True)
        expert = await lab.runner.launch(STAND_IN)
        assert (expert.state, expert.exit_code) == (LaunchState.EXITED, 0)
        assert any(line.text == "exit with code 0" for line in expert.journal)


async def test_a_terminal_that_dies_later_shows_as_exited(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        expert = await lab.runner.launch(STAND_IN)
        psutil.Process(expert.process_id).kill()

        async def exited() -> bool:
            return (await lab.runner.expert(expert.expert_id)).state is LaunchState.EXITED

        await until(exited, timeout_s=10, what="the launch shows as exited")


async def test_a_failed_log_on_is_no_hello_and_says_why(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(refuse_login=True)
        expert = await lab.runner.launch(replace(STAND_IN, hello_timeout_s=4))
        assert expert.state is LaunchState.NO_HELLO
        assert any("authorization" in line.text for line in expert.journal)


async def test_a_terminal_that_runs_already_is_refused_because_it_would_ignore_the_ini(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        expert = await lab.runner.launch(STAND_IN)
        with pytest.raises(Conflict, match=rf"runs already \(process {expert.process_id}\).*no API to attach"):
            await lab.runner.launch(STAND_IN)


async def test_a_terminal_that_somebody_else_started_is_refused_too(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(refuse_login=True)
        stranger = await asyncio.create_subprocess_exec(*lab.terminal.launcher, str(lab.terminal.program))
        try:
            with pytest.raises(Conflict, match="runs already"):
                await lab.runner.launch(STAND_IN)
        finally:
            stranger.kill()
            await stranger.wait()


async def test_two_launches_at_once_start_one_terminal(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        both = await asyncio.gather(lab.runner.launch(STAND_IN), lab.runner.launch(STAND_IN), return_exceptions=True)
        assert sorted(type(one).__name__ for one in both) == ["Conflict", "ExpertView"]


@pytest.mark.parametrize("expert", ["Missing", "Examples/Missing"])
async def test_an_ea_that_is_not_there_is_refused(tmp_path: Path, expert: str) -> None:
    async with running_lab(tmp_path) as lab:
        with pytest.raises(NotFound, match=rf"has no MQL5/Experts/{expert}\.ex5"):
            await lab.runner.launch(replace(STAND_IN, expert=expert))
        assert not (lab.folder / "logs").exists()


async def test_an_ea_that_is_there_as_source_only_is_refused_with_the_remedy(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        (lab.folder / "MQL5" / "Experts" / "EdgerunnerBridge.ex5").unlink()
        with pytest.raises(NotFound, match="not compiled: open it in MetaEditor"):
            await lab.runner.launch(STAND_IN)


async def test_inputs_that_are_wrong_are_refused_before_anything_runs(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        for inputs, said in (
            ({"InpTimerMs": "fast"}, "inputs.InpTimerMs: must be an integer"),
            ({"InpNothing": 1}, "inputs.InpNothing: is no input"),
            ({"InpBridgeToken": "mine"}, "inputs.InpBridgeToken: is filled in by Edgerunner"),
        ):
            with pytest.raises(InvalidRequest, match=said):
                await lab.runner.launch(replace(STAND_IN, inputs=inputs))
        assert not (lab.folder / "logs").exists()
        assert lab.preset_files() == []
        assert await lab.runner.experts() == []


async def test_without_a_source_the_caller_has_to_say_what_the_inputs_are(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        (lab.folder / "MQL5" / "Experts" / "EdgerunnerBridge.mq5").unlink()
        with pytest.raises(InvalidRequest, match="say what its inputs are"):
            await lab.runner.launch(replace(STAND_IN, inputs={"InpMaxVolume": Decimal("0.1")}))
        lots = InputSpec(name="InpMaxVolume", kind=InputKind.NUMBER, maximum=Decimal(1))
        with pytest.raises(InvalidRequest, match="must be 1 or less"):
            await lab.runner.launch(replace(STAND_IN, schema=(lots,), inputs={"InpMaxVolume": Decimal(2)}))


async def test_a_folder_with_a_space_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "with space"
    async with running_lab(home) as lab:
        with pytest.raises(InvalidRequest, match="holds a space"):
            await lab.runner.launch(STAND_IN)


async def test_an_unknown_terminal_and_one_without_its_program_are_not_found(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        with pytest.raises(NotFound, match="Known: lab"):
            await lab.runner.launch(replace(STAND_IN, terminal="other"))
        lab.terminal.program.unlink()
        with pytest.raises(NotFound, match=r"no terminal64\.exe"):
            await lab.runner.launch(STAND_IN)


async def test_a_real_account_on_a_terminal_that_is_not_live_ends_the_terminal(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.quirks(live_account=True)
        with pytest.raises(LiveNotAllowed, match="logged on to the real account 1000001"):
            await lab.runner.launch(STAND_IN)
        assert "exit with code 0" in texts(lab)
        assert not (await lab.runner.terminals())[0].is_running


async def test_another_account_than_the_terminals_ends_it(tmp_path: Path) -> None:
    async with running_lab(tmp_path, login=1000002) as lab:
        lab.quirks(login=1000001)
        with pytest.raises(LiveNotAllowed, match="logged on to 1000001, not 1000002"):
            await lab.runner.launch(STAND_IN)


async def test_trading_on_a_live_terminal_needs_live_trading_switched_on(tmp_path: Path) -> None:
    async with running_lab(tmp_path, environment="live") as lab:
        with pytest.raises(LiveNotAllowed):
            await lab.runner.launch(replace(STAND_IN, allow_trading=True))
        assert not (lab.folder / "logs").exists()


async def test_an_ea_on_a_running_chart_is_said_to_be_impossible(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        with pytest.raises(Unsupported, match="no API to attach, start, stop or parametrise"):
            lab.runner.attach("lab", "EdgerunnerBridge")


async def test_an_ea_attached_by_hand_is_listed_and_messaged_but_not_ours_to_stop(tmp_path: Path) -> None:
    async with running_lab(tmp_path) as lab:
        lab.link._token = TOKEN
        by_hand = await Link(lab.link).expert(period="PERIOD_D1")
        assert (await by_hand.hear()) is not None
        (view,) = await lab.runner.experts()
        assert (view.expert_id, view.state, view.terminal) == (BY_HAND, LaunchState.ATTACHED, None)
        assert (view.period, view.process_id, view.connected) == (ChartPeriod.D1, None, True)
        assert await lab.runner.expert(BY_HAND) == view
        asking = asyncio.ensure_future(lab.runner.message(BY_HAND, "ping", {}, timeout_s=10))
        command = await by_hand.hear()
        assert command is not None
        await by_hand.say(
            {"type": "reply", "seq": 2, "id": command["id"], "ok": True, "result": {"time": 5}, "error": ""}
        )
        assert await asking == {"time": 5}
        with pytest.raises(Unsupported, match="attached by hand"):
            await lab.runner.stop_expert(BY_HAND)
        by_hand.close()


async def test_the_reference_ea_runs_in_the_terminal_trades_and_tells_its_transactions(
    tmp_path: Path, reference_ea: Path
) -> None:
    async with running_lab(tmp_path) as lab:
        lab.install("Reference", reference_ea)
        source = lab.folder / "MQL5" / "Experts" / "Reference.mq5"
        source.write_bytes(SOURCE.read_bytes())
        events: list[EaEvent] = []
        lab.link.add_listener(lambda _, event: events.append(event))
        lab.link._check_trade = lambda name, args: None
        inputs = {"InpAllowTrading": True, "InpTimerMs": 20}
        request = replace(STAND_IN, expert="Reference", inputs=inputs, allow_trading=True)
        expert = await lab.runner.launch(request)
        assert expert.state is LaunchState.STARTED
        assert expert.hello is not None
        assert expert.hello.may_trade

        async def quoted() -> EaTick | None:
            return next((event for event in events if isinstance(event, EaTick)), None)

        tick = await until(quoted, timeout_s=15, what="the EA pushes a tick of the simulated market")
        assert Decimal("0.5") < tick.bid < tick.ask < Decimal(2)
        order = {"action": 1, "symbol": "EURUSD", "volume": "0.1", "type": 0, "price": str(tick.ask), "deviation": 500}
        sent = await lab.runner.message(
            expert.expert_id, "order_send", {**order, "type_filling": 1, "comment": "from-a-test"}, timeout_s=10
        )
        assert sent["retcode"] == 10009, sent

        async def dealt() -> EaTransaction | None:
            kind = "TRADE_TRANSACTION_DEAL_ADD"
            return next((one for one in events if isinstance(one, EaTransaction) and one.kind == kind), None)

        deal = await until(dealt, timeout_s=15, what="the EA pushes the deal")
        assert (deal.deal, deal.symbol, deal.volume) == (sent["deal"], "EURUSD", Decimal("0.1"))
        held = await lab.runner.message(expert.expert_id, "positions", {}, timeout_s=10)
        assert [row["comment"] for row in held["positions"]] == ["from-a-test"]  # type: ignore[attr-defined]


async def test_the_terminals_trading_switch_is_off_unless_the_launch_allows_trading(
    tmp_path: Path, reference_ea: Path
) -> None:
    async with running_lab(tmp_path) as lab:
        lab.install("Reference", reference_ea)
        (lab.folder / "MQL5" / "Experts" / "Reference.mq5").write_bytes(SOURCE.read_bytes())
        expert = await lab.runner.launch(replace(STAND_IN, expert="Reference", inputs={"InpAllowTrading": True}))
        assert expert.hello is not None
        assert not expert.hello.may_trade
