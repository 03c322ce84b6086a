"""``edgerunner doctor``: one line per finding, each trouble with its remedy."""

import asyncio
from pathlib import Path

from edgerunner.cli.doctor_checks import (
    Finding,
    Level,
    check_clock,
    check_data_folder,
    check_database,
    check_key_files,
    check_packages,
    check_python,
    check_variables,
)
from edgerunner.cli.doctor_network import check_brokers, check_port, check_simulators
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.settings import Settings, SettingsError, load_settings


def run_doctor(output: Output, *, data_dir: Path | None) -> None:
    """Print the findings; exit code 1 when one of them is a trouble."""
    findings = [check_python(), *check_packages(), *check_variables()]
    try:
        settings = load_settings(data_dir=data_dir)
    except SettingsError as error:
        findings.extend(Finding(level=Level.TROUBLE, name="settings", text=line) for line in str(error).splitlines())
    else:
        findings.extend(asyncio.run(_check_installation(settings)))
    for finding in findings:
        output.event(event="finding", level=finding.level, name=finding.name, text=finding.text)
        output.say(f"{finding.level:<8}{finding.name:<14}{finding.text}")
    troubles = sum(finding.level is Level.TROUBLE for finding in findings)
    if troubles:
        raise CommandFailed(ExitCode.FAILED, f"{troubles} of {len(findings)} checks found a trouble.")


async def _check_installation(settings: Settings) -> list[Finding]:
    return [
        check_data_folder(settings),
        *check_key_files(settings),
        check_database(settings),
        await check_port(settings),
        *await check_simulators(settings),
        *await check_brokers(settings),
        check_clock(),
    ]
