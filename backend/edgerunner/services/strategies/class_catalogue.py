"""Which strategy classes there are: shipped ones, and those of files in the user's folder.

A user's file is executed only in a worker process. One that loops, exits or raises is listed with its
error and harms nobody.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from edgerunner.domain.errors import FieldError, InvalidRequest, NotFound
from edgerunner.services.ending import end_task
from edgerunner.services.key_locks import KeyLocks
from edgerunner.services.strategies.limits import Limits
from edgerunner.services.strategies.worker_process import WorkerEnded, WorkerProcess
from edgerunner.strategies.registry import shipped_class, shipped_classes
from edgerunner.strategies.strategy import Strategy
from edgerunner.strategy_worker.loading import checked_parameters
from edgerunner.strategy_worker.messages import Check, Checked, ClassSource, Describe, Described, Faulted, FromWorker

_log = structlog.get_logger(__name__)

LOOK_EVERY_S: Final = 2.0
"""How often the folder is looked at for files that changed, so that nobody waits for a worker who asks later."""

_STEM: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_MOST_FILES: Final = 100
_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassView:
    """One class; ``file`` is None for a shipped one, ``parameters`` a JSON schema (draft 2020-12)."""

    name: str
    file: str | None
    summary: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadFile:
    """A file whose classes cannot be used, and why."""

    file: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Everything that can be started, and the files that cannot."""

    classes: tuple[ClassView, ...]
    bad_files: tuple[BadFile, ...]


_Version = tuple[int, int]


class ClassCatalogue:
    """Knows the classes; descriptions of a user's file are kept until the file changes.

    Between ``start`` and ``stop`` a file is described as soon as it is there, else when somebody asks.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._known: dict[Path, tuple[_Version, Described]] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._locks = KeyLocks()
        self._shipped: tuple[ClassView, ...] = ()
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow the folder."""
        self._following = asyncio.create_task(self._follow(), name="strategy-classes")

    async def stop(self) -> None:
        """Follow the folder no more."""
        following, self._following = self._following, None
        await end_task(following)

    async def classes(self) -> Classes:
        """Return every class, shipped ones first."""
        if not self._shipped:
            self._shipped = await asyncio.to_thread(lambda: tuple(_shipped_view(known) for known in shipped_classes()))
        files = await asyncio.to_thread(self._files)
        described = await asyncio.gather(*(self._described(path, version) for path, version in files))
        users: list[ClassView] = []
        bad: list[BadFile] = []
        for (path, _), answer in zip(files, described, strict=True):
            if answer.error is not None:
                bad.append(BadFile(file=path.name, error=answer.error))
            users += [
                ClassView(
                    name=f"{path.stem}.{known.name}",
                    file=path.name,
                    summary=known.summary,
                    parameters=known.parameters,
                )
                for known in answer.classes
            ]
        return Classes(classes=(*self._shipped, *users), bad_files=tuple(bad))

    async def _follow(self) -> None:
        while True:
            try:
                await self.classes()
            except Exception:  # noqa: BLE001 - the root of the task: who asks is told what is wrong
                _log.exception("strategy_folder_not_read")
                return
            await asyncio.sleep(LOOK_EVERY_S)

    def source(self, class_name: str) -> ClassSource:
        """Return where a class comes from; ``InvalidRequest`` when there is no such place."""
        file, dot, name = class_name.rpartition(".")
        if dot:
            path = self._folder / f"{file}.py"
            if not _STEM.fullmatch(file) or not path.is_file():
                raise _unknown(f"there is no file {file}.py in the folder {self._folder.name} of the data folder")
            return ClassSource(name=name, path=str(path))
        try:
            shipped_class(class_name)
        except NotFound as error:
            raise _unknown(error.detail) from error
        return ClassSource(name=class_name)

    async def checked(self, source: ClassSource, parameters: Mapping[str, object]) -> Mapping[str, object]:
        """Return the parameters with defaults filled in; ``InvalidRequest`` names each wrong one."""
        if source.path is None:
            return checked_parameters(shipped_class(source.name), parameters)
        request = Check(source=source, parameters=dict(parameters), memory_bytes=self._limits.memory_bytes)
        answer = await self._ask(request)
        if not isinstance(answer, Checked):
            raise _unknown(_silence(answer))
        errors = [FieldError(field=wrong.field, code=wrong.code, message=wrong.message) for wrong in answer.errors]
        if errors:
            raise InvalidRequest("; ".join(f"{error.field}: {error.message}" for error in errors), *errors)
        return answer.values

    def _files(self) -> Sequence[tuple[Path, _Version]]:
        if not self._folder.is_dir():
            return []
        paths = sorted(path for path in self._folder.glob("*.py") if _STEM.fullmatch(path.stem) and path.is_file())
        versions = ((path, _version(path)) for path in paths[:_MOST_FILES])
        return [(path, version) for path, version in versions if version is not None]

    async def _described(self, path: Path, version: _Version) -> Described:
        async with self._locks.hold(str(path)):
            known = self._known.get(path)
            if known is not None and known[0] == version:
                return known[1]
            answer = await self._ask(Describe(path=str(path), memory_bytes=self._limits.memory_bytes))
            described = answer if isinstance(answer, Described) else Described(classes=[], error=_silence(answer))
            self._known[path] = (version, described)
            return described

    async def _ask(self, request: Describe | Check) -> FromWorker | str:
        """Return a worker's answer, or why there is none."""
        async with self._slots:
            try:
                worker = await WorkerProcess.spawn()
            except WorkerEnded as error:
                return str(error)
            printing = asyncio.create_task(_read_away(worker))
            try:
                async with asyncio.timeout(self._limits.hello_s):
                    await worker.hello()
                async with asyncio.timeout(self._limits.start_s):
                    await worker.send(request)
                    return await worker.receive()
            except TimeoutError:
                return f"loading it did not end within {self._limits.start_s:g} s"
            except WorkerEnded as error:
                return str(error)
            finally:
                printing.cancel()
                await asyncio.gather(printing, return_exceptions=True)
                await worker.end()


def _version(path: Path) -> _Version | None:
    """Return what tells a file's states apart; None when it has gone."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


async def _read_away(worker: WorkerProcess) -> None:
    async for _ in worker.output():
        pass


def _silence(answer: FromWorker | str) -> str:
    if isinstance(answer, str):
        return answer
    return answer.reason if isinstance(answer, Faulted) else f"unexpected {type(answer).__name__}"


def _unknown(message: str) -> InvalidRequest:
    return InvalidRequest.of("class", "unknown_class", message)


def _shipped_view(known: type[Strategy]) -> ClassView:
    lines = (known.__doc__ or "").strip().splitlines()
    return ClassView(name=known.__name__, file=None, summary=lines[0] if lines else "", parameters=known.json_schema())
