"""Multipart uploads: one file and some fields, counted while they arrive, the file spooled to disk."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from edgerunner.domain.errors import FieldError, InvalidRequest
from edgerunner.routes.errors import require

FILE_FIELD = "file"
_MOST_FIELDS = 20
_FIELD_BYTES = 4_096
_OVERHEAD_BYTES = 65_536
"""Boundaries, headers and fields beside the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that was sent, its sender's name for it, and the other fields."""

    file: BinaryIO
    file_name: str
    fields: dict[str, str]


@asynccontextmanager
async def received(request: Request, *, file_bytes: int) -> AsyncGenerator[Upload, None]:
    """Yield the upload of a request; the file is gone after the block.

    Raises a 413 as soon as more than ``file_bytes`` are announced or have come, and ``InvalidRequest``.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        raise InvalidRequest.of("body", "content_type", "send multipart/form-data with the file in the field file")
    limit = file_bytes + _OVERHEAD_BYTES
    announced = request.headers.get("content-length", "0")
    _require_size(int(announced) if announced.isdecimal() else 0, limit, file_bytes)
    parser = _Parser(
        request.headers,
        _counted(request, limit, file_bytes),
        max_files=1,
        max_fields=_MOST_FIELDS,
        max_part_size=_FIELD_BYTES,
    )
    try:
        yield _upload(await parser.parse())
    except MultiPartException as error:
        raise InvalidRequest.of("body", "multipart_invalid", f"cannot be read: {error.message}") from None
    except ClientDisconnect:
        raise InvalidRequest.of("body", "incomplete", "ended before the upload was whole") from None
    finally:
        parser.close()


class _Parser(MultiPartParser):
    def close(self) -> None:
        """Close every file that was begun: the framework forgets one whose part has no end."""
        for file in self._files_to_close_on_error:
            file.close()


async def _counted(request: Request, limit: int, file_bytes: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        _require_size(size, limit, file_bytes)
        yield chunk


def _require_size(size: int, limit: int, file_bytes: int) -> None:
    if size > limit:
        raise HTTPException(413, f"The file is larger than {file_bytes} bytes: split it by time.")


def _upload(form: FormData) -> Upload:
    fields: dict[str, str] = {}
    errors: list[FieldError] = []
    file = None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) is not (name == FILE_FIELD):
            message = "must be a file" if name == FILE_FIELD else "must be text, not a file"
            errors.append(FieldError(field=name, code="type", message=message))
        elif name in fields:
            errors.append(FieldError(field=name, code="repeated", message="stands more than once"))
        elif isinstance(value, UploadFile):
            file = value
        else:
            fields[name] = value
    if file is None and not errors:
        errors.append(FieldError(field=FILE_FIELD, code="missing", message="is required"))
    require(errors)
    if file is None:
        raise InvalidRequest.of(FILE_FIELD, "missing", "is required")
    return Upload(file=file.file, file_name=file.filename or "", fields=fields)
