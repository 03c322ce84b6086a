"""``python -m edgerunner.backtest_worker``: reads one job, runs it, answers, ends."""

import os
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import psutil

from edgerunner.backtest_worker.messages import Failed, FromWorker, Job, Progress, WrongField, decode_job, encode
from edgerunner.domain.errors import EdgerunnerError, InvalidRequest
from edgerunner.strategy_worker.confinement import bound_memory, die_with_parent, free_memory_bound, take_pipes

PROGRESS_EVERY_S = 0.2
NICENESS = 10


def main() -> None:
    """Run the job that stands in the pipe."""
    from_api, to_api = take_pipes()
    die_with_parent()
    _yield_to_others()
    line = from_api.readline()
    if not line:
        return
    threading.Thread(target=_end_with_the_api, args=(from_api,), daemon=True).start()
    _say(to_api, _answer(decode_job(line), to_api))


def _yield_to_others() -> None:
    """Run with lower priority than the API and the strategies that trade."""
    with suppress(psutil.Error, OSError):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            psutil.Process().nice(NICENESS)


def _answer(job: Job, to_api: BinaryIO) -> FromWorker:
    from edgerunner.backtest_worker.job import run_job  # noqa: PLC0415 - the heavy part, loaded before memory is bounded

    bound_memory(job.memory_bytes)
    try:
        return run_job(job, _Reporter(to_api))
    except MemoryError:
        free_memory_bound()
        return Failed("memory_limit", f"the run needs more than {job.memory_bytes // 2**20} MiB")
    except InvalidRequest as error:
        wrong = [WrongField(one.field, one.code, one.message) for one in error.errors]
        return Failed(error.code, error.detail, wrong)
    except EdgerunnerError as error:
        return Failed(error.code, error.detail)
    except Exception as error:  # noqa: BLE001 - a strategy may raise anything
        return Failed("strategy_error", _sentence(error))


class _Reporter:
    """Passes progress on, a few times a second."""

    def __init__(self, to_api: BinaryIO) -> None:
        self._to_api = to_api
        self._next_s = 0.0

    def __call__(self, fraction: float) -> None:
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + PROGRESS_EVERY_S
            _say(self._to_api, Progress(fraction))


def _say(to_api: BinaryIO, message: FromWorker) -> None:
    to_api.write(encode(message))
    to_api.flush()


def _end_with_the_api(from_api: BinaryIO) -> None:
    """Wait until the API lets go of the pipe, which it does last of all."""
    from_api.read()
    os._exit(0)


def _sentence(error: Exception) -> str:
    """Name what was raised, where in the code, and when in the history."""
    frames = traceback.extract_tb(error.__traceback__)
    place = [f"line {frames[-1].lineno} of {Path(frames[-1].filename).name}"] if frames else []
    return f"{type(error).__name__}: {error} ({', '.join([*place, *getattr(error, '__notes__', [])])})"


if __name__ == "__main__":
    main()
    sys.stderr.flush()
    os._exit(0)  # the thread that waits for the API holds its pipe's lock, which a normal exit trips over
