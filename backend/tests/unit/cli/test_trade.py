"""What ``trade`` says about an order, and the exit code it ends with."""

import json

import pytest
import typer

from edgerunner.cli.output import CommandFailed, ExitCode, Output, reporting
from edgerunner.cli.trade import order_line, position_line
from edgerunner.client import ApiError, ApiUnreachable, OutcomeUnknown, StreamRefused
from edgerunner.client.errors import ClientError, FieldError
from tests.fakes import api_answers as samples


def test_an_order_is_one_readable_line() -> None:
    assert order_line(samples.order(filled_quantity="0.005", average_price="59999.5")) == (
        "A1  buy 0.01 BTCUSDT-LINEAR.BYBIT limit at 60000 gtc on bybit-sim:"
        " ACCEPTED, filled 0.005 at 59999.5 on average"
    )


def test_refusals_and_unknown_outcomes_are_said_in_so_many_words() -> None:
    denied = samples.order(status="denied", denied={"code": "not_connected", "text": "no session"})
    rejected = samples.order(status="rejected", broker={"status": "x", "code": "110007", "text": "no money"})
    unknown = samples.order(status="submitted", outcome_unknown={"since": samples.TIME, "reason": "no answer"})
    assert "denied by Edgerunner: no session (not_connected)" in order_line(denied)
    assert "rejected by the broker: no money (110007)" in order_line(rejected)
    assert "OUTCOME UNKNOWN since" in order_line(unknown)
    assert "do not send it again" in order_line(unknown)


def test_an_unknown_average_is_not_shown_as_a_number() -> None:
    assert "at an unknown average" in position_line(samples.position(average_price=None))


def problem(status: int, code: str) -> ApiError:
    field = FieldError(field="price", code="tick", message="must be a multiple of 0.1")
    return ApiError(status=status, code=code, detail="no", fields=(field,), body={})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ApiUnreachable("nobody there"), ExitCode.UNREACHABLE),
        (problem(502, "broker_unreachable"), ExitCode.UNREACHABLE),
        (problem(422, "validation_error"), ExitCode.REFUSED),
        (problem(401, "unauthorized"), ExitCode.REFUSED),
        (problem(500, "internal_error"), ExitCode.FAILED),
        (StreamRefused("unauthorized", "wrong key"), ExitCode.REFUSED),
        (OutcomeUnknown("no answer", client_order_id="A1", idempotency_key=None), ExitCode.FAILED),
    ],
)
def test_each_error_has_its_exit_code_and_one_json_line(
    capsys: pytest.CaptureFixture[str], error: ClientError, code: ExitCode
) -> None:
    with pytest.raises(typer.Exit) as ended, reporting(Output(as_json=True)):
        raise error
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    assert ended.value.exit_code == code
    assert json.loads(line)["exit_code"] == code
    assert printed.err.strip()


def test_field_errors_reach_the_person(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), reporting(Output(as_json=False)):
        raise problem(422, "validation_error")
    printed = capsys.readouterr()
    assert "price: must be a multiple of 0.1" in printed.err
    assert printed.out == ""


def test_a_command_that_fails_says_its_own_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, reporting(Output(as_json=False)):
        raise CommandFailed(ExitCode.UNREACHABLE, "Port 1 is in use.")
    assert ended.value.exit_code == ExitCode.UNREACHABLE
    assert capsys.readouterr().err == "Port 1 is in use.\n"
