"""What ``edgerunner data`` does on the data folder."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from edgerunner.cli.data_view import dataset_lines, dataset_row
from edgerunner.cli.output import CommandFailed, ExitCode, Output
from edgerunner.domain.errors import EdgerunnerError
from edgerunner.routes.dataset_rendering import dataset_answer
from edgerunner.schemas.datasets import DatasetAnswer, UploadForm
from edgerunner.services.dataset_import import ImportRequest, import_file
from edgerunner.settings import load_settings, prepare_data_folder
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.datasets import FOLDER
from edgerunner.storage.market_files.byte_source import DEFAULT_LIMITS
from edgerunner.storage.repairs import Repair


def import_path(output: Output, data_dir: Path | None, file: Path, fields: Mapping[str, str | None]) -> None:
    """Store a file as a dataset and print it; exit code 4 when its content is refused."""
    form = _form(fields)
    request = ImportRequest(
        file_name=file.name,
        instrument_id=form.instrument_id,
        name=form.name,
        timeframe=form.timeframe,
        timezone=form.timezone,
        format=form.format,
        repairs=frozenset(Repair(word) for word in form.repairs),
    )
    settings = load_settings(data_dir=data_dir)
    prepare_data_folder(settings)
    catalogue = Catalogue(settings.data_dir / FOLDER)
    with _refusing():
        now_ms = time.time_ns() // 1_000_000
        stored = import_file(catalogue, file, request, now_ms=now_ms, limits=DEFAULT_LIMITS)
    _show(output, dataset_answer(stored))


def show_all(output: Output, data_dir: Path | None) -> None:
    """Print every dataset."""
    found = _catalogue(data_dir).list()
    for dataset in found:
        rendered = dataset_answer(dataset)
        output.event(event="dataset", dataset=rendered.model_dump(mode="json"))
        output.say(dataset_row(rendered))
    if not found:
        output.say("No datasets.")


def show(output: Output, data_dir: Path | None, dataset_id: str) -> None:
    """Print one dataset with its checks."""
    with _refusing():
        _show(output, dataset_answer(_catalogue(data_dir).get(dataset_id)))


def delete(output: Output, data_dir: Path | None, dataset_id: str) -> None:
    """Delete a dataset and print what it was."""
    with _refusing():
        deleted = dataset_answer(_catalogue(data_dir).delete(dataset_id))
    output.event(event="deleted", dataset=deleted.model_dump(mode="json"))
    output.say(f"Deleted {dataset_row(deleted)}")


def _catalogue(data_dir: Path | None) -> Catalogue:
    return Catalogue(load_settings(data_dir=data_dir).data_dir / FOLDER)


def _form(fields: Mapping[str, str | None]) -> UploadForm:
    """Check options by the rules of the API."""
    try:
        return UploadForm.model_validate({name: value for name, value in fields.items() if value is not None})
    except ValidationError as error:
        problems = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
        raise CommandFailed(ExitCode.USAGE, "\n".join(problems)) from None


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except EdgerunnerError as error:
        raise CommandFailed(ExitCode.REFUSED, error.detail) from None


def _show(output: Output, dataset: DatasetAnswer) -> None:
    output.event(event="dataset", dataset=dataset.model_dump(mode="json"))
    for line in dataset_lines(dataset):
        output.say(line)
