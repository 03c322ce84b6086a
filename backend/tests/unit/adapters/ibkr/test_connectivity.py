import pytest

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.ibkr.accounts import chosen_accounts, is_paper
from edgerunner.adapters.ibkr.connectivity import Change, Connectivity
from edgerunner.domain.errors import InvalidRequest


def reasons(state: Connectivity) -> tuple[str | None, str | None]:
    return state.cut_reason, state.data_reason


def knows_contracts(state: Connectivity) -> bool:
    return state.knows_contracts


def test_1100_cuts_once_and_1102_restores() -> None:
    state = Connectivity()
    assert state.hear(1100, "Connectivity between IB and TWS has been lost.") is Change.CUT
    assert state.hear(1100, "Connectivity between IB and TWS has been lost.") is Change.NOTHING
    assert reasons(state) == ("TWS has lost Interactive Brokers (1100)", None)
    assert state.hear(1102, "restored") is Change.RESTORED
    assert reasons(state) == (None, None)


def test_1101_says_that_subscriptions_are_gone() -> None:
    state = Connectivity()
    state.hear(1100, "lost")
    assert state.hear(1101, "restored, data lost") is Change.RESTORED_WITHOUT_DATA


def test_a_farm_that_flaps_touches_the_data_alone() -> None:
    state = Connectivity()
    assert state.hear(2103, "Market data farm connection is broken:usfarm") is Change.DATA
    assert state.data_reason == "market data farm usfarm is broken"
    assert state.hear(2103, "Market data farm connection is broken:eufarm") is Change.DATA
    assert state.hear(2104, "Market data farm connection is OK:usfarm") is Change.DATA
    assert state.data_reason == "market data farm eufarm is broken"
    asleep = "Market data farm connection is inactive but should be available upon demand:eufarm"
    assert state.hear(2108, asleep) is Change.DATA
    assert reasons(state) == (None, None)


def test_history_farm_says_nothing_about_live_prices() -> None:
    state = Connectivity()
    assert state.hear(2105, "HMDS data farm connection is broken:ushmds") is Change.NOTHING
    assert state.data_reason is None


def test_contracts_are_unknown_only_while_their_definitions_are_there() -> None:
    state = Connectivity()
    assert knows_contracts(state)
    state.hear(2157, "Sec-def data farm connection is broken:secdefnj")
    assert not knows_contracts(state)
    state.hear(2158, "Sec-def data farm connection is OK:secdefnj")
    assert knows_contracts(state)
    state.hear(1100, "lost")
    assert not knows_contracts(state)


def test_17_a_competing_session_is_told_as_data_health_until_the_farm_is_back() -> None:
    state = Connectivity()
    assert state.hear(10197, "No market data during competing live session") is Change.DATA
    assert "competing" in str(state.data_reason)
    assert state.hear(2104, "Market data farm connection is OK:usfarm") is Change.DATA
    assert state.data_reason is None


@pytest.mark.parametrize(
    ("account", "paper"), [("DU1234567", True), ("DF1234567", True), ("U1234567", False), ("F123", False), ("", False)]
)
def test_paper_is_what_is_named_like_paper_and_nothing_else(account: str, *, paper: bool) -> None:
    assert is_paper(account) is paper


def test_account_that_the_gateway_lacks_is_refused_with_those_it_has() -> None:
    with pytest.raises(InvalidRequest, match="DU1, DU2") as caught:
        chosen_accounts(["DU1", "DU2"], "DU3", Environment.PAPER)
    assert caught.value.errors[0].field == "credentials.account"
    assert chosen_accounts(["DU1", "DU2"], "DU2", Environment.PAPER) == ("DU2",)
    assert chosen_accounts(["DU1", "DU2"], None, Environment.PAPER) == ("DU1", "DU2")


def test_live_connection_to_a_paper_account_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="paper account"):
        chosen_accounts(["U1", "DU1"], None, Environment.LIVE)
    assert chosen_accounts(["U1", "DU1"], "U1", Environment.LIVE) == ("U1",)
