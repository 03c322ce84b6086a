"""``make fuzz``: every decoder under hostile input, each in a process of its own; what fails is kept in a file."""

import argparse
import ast
import json
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from tests.fuzz.engine import Outcome, again, run
from tests.fuzz.target import Target
from tests.fuzz.watched import watched

KEPT = Path(".hypothesis") / "fuzz"
_PATIENCE_S = 900.0
"""Beyond its time, until a process is taken for hung: a busy machine may take minutes to start one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one target's process did; a finding is its error, its seed, and the file that holds the input."""

    executions: int
    seconds: float
    findings: list[dict[str, object]]


def main() -> int:
    """Run what the arguments name; 1 when something was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target")
    parser.add_argument("--only", help="names with commas, or parts of names; all without it")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--workers", type=int, default=1, help="targets side by side")
    parser.add_argument("--list", action="store_true", help="print the targets and end")
    parser.add_argument("--again", type=Path, help="run the one input of a file that a finding left")
    parser.add_argument("--worker", nargs=2, metavar=("MODULE", "TARGET"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        module, name = arguments.worker
        return _work(module, name, arguments.seed, arguments.minutes * 60)
    from tests.fuzz.registry import TARGETS

    if arguments.again:
        return _again(TARGETS, arguments.again)
    wanted = [word.strip() for word in arguments.only.split(",")] if arguments.only else [""]
    names = [name for name in TARGETS if any(word in name for word in wanted)]
    if arguments.list:
        for name in names:
            print(f"{name:28}{TARGETS[name].decoder}")
        return 0
    if not names:
        parser.error(f"no target is named like {arguments.only}")
    return _run_all(names, arguments.seed, arguments.minutes, arguments.workers)


def _run_all(names: list[str], seed: int, minutes: float, workers: int) -> int:
    print(f"seed {seed}\n{'target':28}{'executions':>11}{'seconds':>9}{'findings':>9}", flush=True)
    total, spent, found = 0, 0.0, 0
    with ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(_in_a_process, name, seed, minutes): name for name in names}
        for done in as_completed(waiting):
            report = done.result()
            total += report.executions
            spent += report.seconds
            found += len(report.findings)
            line = f"{waiting[done]:28}{report.executions:>11}{report.seconds:>9.0f}{len(report.findings):>9}"
            print(line, flush=True)
            for finding in report.findings:
                print(f"  FOUND {finding['error']}\n    seed {finding['seed']}, input {finding['file']}", flush=True)
    print(f"{len(names)} targets, {total} executions, {spent / 60:.1f} minutes, {found} findings")
    return 1 if found else 0


def _in_a_process(name: str, seed: int, minutes: float) -> Report:
    """Return a worker's report; one that died or never ended is a finding itself."""
    from tests.fuzz.registry import module_of

    worker = ["--worker", module_of(name), name, "--seed", str(seed), "--minutes", str(minutes)]
    command = [sys.executable, "-m", "tests.fuzz", *worker]
    started = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, timeout=minutes * 60 + _PATIENCE_S, check=False)
        said = done.stderr.decode(errors="replace")
        lines = done.stdout.decode(errors="replace").strip().splitlines()
        if done.returncode == 0 and lines:
            return Report(**json.loads(lines[-1]))
        error = f"the process ended with {done.returncode}"
    except subprocess.TimeoutExpired as late:
        error, said = "no end: one input never returned", (late.stderr or b"").decode(errors="replace")
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"{name}-process.trace"
    file.write_text(said, encoding="utf-8")
    finding = {"error": error, "seed": seed, "file": str(file)}
    return Report(executions=0, seconds=time.monotonic() - started, findings=[finding])


def _work(module: str, name: str, seed: int, seconds: float) -> int:
    targets: tuple[Target, ...] = import_module(module).TARGETS
    with watched():
        outcome = run(next(target for target in targets if target.name == name), first_seed=seed, seconds=seconds)
    print(json.dumps(asdict(_report(outcome))))
    return 0


def _report(outcome: Outcome) -> Report:
    findings: list[dict[str, object]] = []
    for number, finding in enumerate(outcome.findings.values()):
        KEPT.mkdir(parents=True, exist_ok=True)
        file = KEPT / f"{finding.target}-{number}.txt"
        file.write_text(repr(finding.value), encoding="utf-8")
        file.with_suffix(".trace").write_text(finding.trace, encoding="utf-8")
        findings.append({"error": finding.error, "seed": finding.seed, "file": str(file)})
    return Report(executions=outcome.executions, seconds=outcome.seconds, findings=findings)


def _again(targets: dict[str, Target], file: Path) -> int:
    name = file.stem.rpartition("-")[0]
    again(targets[name], ast.literal_eval(file.read_text(encoding="utf-8")))
    print(f"{name}: nothing wrong with {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
