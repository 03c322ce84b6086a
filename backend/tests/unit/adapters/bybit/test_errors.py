"""What each return code proves about an order command and about a query."""

import pytest

from edgerunner.adapters.bybit.errors import Verdict, command_error, is_missing_in_demo, query_error, verdict_of
from edgerunner.domain.errors import BrokerAuthFailed, BrokerRejected, OutcomeUnknown

REFUSED = [10001, 10002, 10003, 10004, 10005, 10010, 110001, 110003, 110004, 110007, 110012, 110017, 110094, 170131]
AMBIGUOUS = [429, 10000, 10006, 10016, 10019, 10403, 10429, 170001, 170005, 170007, 170032, 20003, 20006, 500000]


@pytest.mark.parametrize("code", REFUSED)
def test_listed_refusal_of_a_command_is_proof(code: int) -> None:
    error = command_error(code, "no")
    assert isinstance(error, BrokerRejected)
    assert error.broker_code == str(code)


@pytest.mark.parametrize("code", AMBIGUOUS)
def test_ambiguous_answer_leaves_the_outcome_of_a_command_unknown(code: int) -> None:
    assert isinstance(command_error(code, "?"), OutcomeUnknown)


def test_unlisted_code_proves_nothing() -> None:
    assert verdict_of(987654, "new") is Verdict.UNKNOWN
    assert isinstance(command_error(987654, "new"), OutcomeUnknown)


@pytest.mark.parametrize("code", [110072, 170141])
def test_duplicate_key_means_that_the_order_exists_and_must_be_looked_up(code: int) -> None:
    assert isinstance(command_error(code, "duplicate"), OutcomeUnknown)


@pytest.mark.parametrize("code", [0, 110043, 110025, 34040])
def test_not_modified_is_success(code: int) -> None:
    assert command_error(code, "not modified") is None


def test_amendment_without_change_is_success_although_its_code_is_the_general_one() -> None:
    text = "The order remains unchanged as the parameters entered match the existing ones."
    assert command_error(10001, text) is None
    assert isinstance(command_error(10001, "Qty invalid"), BrokerRejected)


def test_cancel_under_way_is_success() -> None:
    assert command_error(170212, "Cancel order request processing") is None


def test_too_many_sessions_on_the_trade_stream_is_no_wrong_key() -> None:
    assert verdict_of(10003, "too many sessions", on_trade_socket=True) is Verdict.BUSY
    assert verdict_of(10003, "API key is invalid.") is Verdict.AUTH


@pytest.mark.parametrize("code", [10003, 10004, 10005, 33004, -2015])
def test_refused_key_fails_a_query_as_authentication(code: int) -> None:
    assert isinstance(query_error(code, "no"), BrokerAuthFailed)


def test_other_refusal_of_a_query_keeps_code_and_text() -> None:
    error = query_error(10001, "symbol invalid")
    assert isinstance(error, BrokerRejected)
    assert (error.broker_code, error.text) == ("10001", "symbol invalid")


def test_what_demo_lacks_is_recognised_by_its_text() -> None:
    assert is_missing_in_demo(10032, "Demo trading are not supported.")
    assert not is_missing_in_demo(10001, "params error")
