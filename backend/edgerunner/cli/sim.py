"""``edgerunner sim``: simulated brokers in this process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.cli.starting import prepare_folder, run_loop

_ABSENT: Final = {
    "ibkr": "The simulator of Interactive Brokers is not in this version; `edgerunner sim bybit` is.",
    "mt5": "The simulator of MetaTrader 5 is not in this version; `edgerunner sim bybit` is.",
}
_REPLAY_TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SimRequest:
    """The options of the command; None = the setting.

    ``speed`` is that of the virtual clock, and with ``replay`` that of the recording.
    """

    which: str
    seed: int | None
    speed: float | None
    data_dir: Path | None
    port: int | None
    control_port: int | None
    replay: Path | None
    symbol: str | None
    parent: int | None


def run_sim(output: Output, request: SimRequest) -> None:
    """Run simulated brokers until SIGINT or SIGTERM."""
    if request.which in _ABSENT:
        raise CommandFailed(ExitCode.REFUSED, _ABSENT[request.which])
    if (request.replay is None) != (request.symbol is None):
        raise CommandFailed(ExitCode.USAGE, "--replay and --symbol belong together: give both or none.")
    settings = prepare_folder(
        output,
        data_dir=request.data_dir,
        sim_seed=request.seed,
        sim_speed=request.speed if request.replay is None else None,
        sim_bybit_port=request.port,
        sim_control_port=request.control_port,
    )
    run_loop(_sim(settings, output, request))
