"""What hostile callers once did to the simulators."""

import pytest

from edgerunner.simulators.mt5.ipc import FrameError, decode_value
from edgerunner.simulators.timestamps import parse_rfc3339
from edgerunner.simulators.tws.wire.errors import FrameError as BrokenFraming
from edgerunner.simulators.tws.wire.errors import MessageError
from edgerunner.simulators.tws.wire.frames import parse_offer
from edgerunner.simulators.tws.wire.kinds import NUMBER, NUMBER_OR_MAX, UNSET_DOUBLE


@pytest.mark.parametrize("text", ["1E+308", "1e999", "1e-308", "9" * 64 + "e9"])
def test_a_number_that_cannot_be_written_again_is_no_number(text: str) -> None:
    with pytest.raises(MessageError):
        NUMBER.read(text)


def test_the_number_that_means_unset_is_written_as_it_was_read() -> None:
    assert NUMBER.write(NUMBER.read(UNSET_DOUBLE)) == UNSET_DOUBLE
    assert NUMBER_OR_MAX.read(UNSET_DOUBLE) is None


@pytest.mark.parametrize(
    "value",
    [
        {"array": "nothing"},
        {"array": []},
        {"array": "ticks"},
        {"struct": None, "row": []},
        {"struct": "Tick", "row": []},
        {"struct": "Tick", "row": 5},
        {"structs": "Tick", "rows": None},
        {"structs": "Tick", "rows": [5]},
        {"tuple": 5},
        {},
    ],
)
def test_a_value_that_is_none_is_a_broken_frame(value: dict[str, object]) -> None:
    with pytest.raises(FrameError):
        decode_value(value, b"x")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59+00:00"])
def test_a_time_beyond_63_bits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="between the years 1970 and 2262"):
        parse_rfc3339(text)


def test_an_offer_whose_options_hold_a_nul_is_broken_framing() -> None:
    assert parse_offer(b"v100..178 +PACEAPI\0").options == "+PACEAPI"
    with pytest.raises(BrokenFraming):
        parse_offer(b"v100..178 +PAC\0\0")
