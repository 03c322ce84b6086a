"""A simulated terminal's command line, folder, journals and files."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edgerunner.simulators.mt5.terminal64.command_line import parse_command_line
from edgerunner.simulators.mt5.terminal64.folder import LOCK, Instance, Journal, read_ini, read_preset
from edgerunner.simulators.mt5.terminal64.programs import chart_command, install_terminal, stand_in_of
from edgerunner.simulators.mt5.terminal64.quirks import read_quirks

MOMENT = datetime(2026, 11, 23, 4, 5, 6, 789_000, tzinfo=UTC)


def test_the_command_line_is_the_real_ones(tmp_path: Path) -> None:
    program = tmp_path / "terminal64.exe"
    program.touch()
    ini = tmp_path / "a.ini"
    line = parse_command_line([str(program), "/portable", f"/config:{ini}", "/LOGIN:77", "/profile:Own", "/unknown"])
    assert (line.folder, line.config, line.login) == (tmp_path, ini, 77)
    assert (line.profile, line.portable) == ("Own", True)
    with pytest.raises(ValueError, match="first word"):
        parse_command_line(["/portable"])


def test_a_second_terminal_in_the_folder_gets_no_place_and_a_dead_ones_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("999999999")
    first = Instance.take(tmp_path)
    assert first is not None
    assert (tmp_path / LOCK).read_text() == str(os.getpid())
    (tmp_path / LOCK).write_text("no number")
    assert Instance.take(tmp_path) is not None
    first.release()
    assert not (tmp_path / LOCK).exists()


def test_journals_are_utf16_with_one_mark_and_five_columns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "logs", lambda: MOMENT)
    journal.write("Terminal", "größer")
    journal.write("Tester", "second")
    data = (tmp_path / "logs" / "20261123.log").read_bytes()
    assert data.count(b"\xff\xfe") == 1
    first, second = data.decode("utf-16").splitlines()
    assert first.split("\t") == ["KS", "0", "04:05:06.789", "Terminal", "größer"]
    assert second.endswith("second")


def test_inis_are_read_in_both_encodings_and_keys_keep_their_capitals(tmp_path: Path) -> None:
    text = "[StartUp]\r\nExpert=Own\\X\r\nSymbol=GOLD#\r\n"
    path = tmp_path / "start.ini"
    for data in (text.encode("ascii"), b"\xff\xfe" + text.encode("utf-16-le")):
        path.write_bytes(data)
        assert read_ini(path) == {"StartUp": {"Expert": "Own\\X", "Symbol": "GOLD#"}}
    path.write_bytes("[StartUp]\r\nExpert=ü\r\n".encode())
    with pytest.raises(ValueError, match="is no ini"):
        read_ini(path)


def test_an_ascii_preset_loses_what_an_optimisation_needs(tmp_path: Path) -> None:
    path = tmp_path / "x.set"
    text = "; saved\r\nFast=5||5||5||20||Y\r\nName=a=b\r\n"
    path.write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    assert read_preset(path) == {"Fast": "5||5||5||20||Y", "Name": "a=b"}
    path.write_bytes(text.encode())
    assert read_preset(path) == {"Fast": "5", "Name": "a=b"}


def test_a_compiled_ea_is_a_stand_in_or_a_program_of_this_machine(tmp_path: Path) -> None:
    program = install_terminal(tmp_path, broker="127.0.0.1:5")
    assert program.is_file()
    assert (tmp_path / "broker.txt").read_text() == "127.0.0.1:5"
    experts = tmp_path / "MQL5" / "Experts"
    bridge = experts / "EdgerunnerBridge.ex5"
    assert stand_in_of(bridge) == "EdgerunnerBridge"
    assert chart_command(bridge) is not None
    assert chart_command(experts / "Examples" / "Moving Averages.ex5") is None  # it has no chart side
    own = experts / "Own.ex5"
    own.write_bytes(b"\x7fELF")
    assert chart_command(own) is None
    own.chmod(0o755)
    assert chart_command(own) == [str(own)]


def test_a_quirk_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert not read_quirks(tmp_path).mute_expert
    (tmp_path / "edgerunner-sim.json").write_text('{"mute_expertt": true}')
    with pytest.raises(ValueError, match="mute_expertt"):
        read_quirks(tmp_path)
