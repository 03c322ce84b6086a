"""What every command says and how it ends: lines on stdout, sentences on stderr, exit codes."""

import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum

import typer


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    """Or a port in use."""
    REFUSED = 4


class CommandFailed(Exception):
    """A command cannot go on; the message is a sentence that says what to do."""

    def __init__(self, code: ExitCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Output:
    """Stdout of one command: with ``as_json`` one JSON object per line and nothing else."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def event(self, **fields: object) -> None:
        """Print a JSON line; says nothing to a person."""
        if self.as_json:
            print(json.dumps(fields, ensure_ascii=False), flush=True)

    def say(self, text: str) -> None:
        """Print text for a person; nothing in JSON mode."""
        if not self.as_json:
            print(text, flush=True)


@contextmanager
def reporting(output: Output) -> Iterator[None]:
    """Turn the errors a command expects into one sentence on stderr and its exit code.

    SIGTERM ends a command as Ctrl-C does, from its first moment on; commands that have to drain say how themselves.
    """
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    from edgerunner.client.errors import ClientError
    from edgerunner.settings import DataFolderError, SettingsError

    try:
        yield
    except CommandFailed as error:
        _end(output, error.code, error.sentence)
    except SettingsError as error:
        _end(output, ExitCode.USAGE, str(error))
    except DataFolderError as error:
        _end(output, ExitCode.FAILED, str(error))
    except ClientError as error:
        _end(output, code_of(error), sentence_of(error), **_details_of(error))
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.OK) from None
    finally:
        if signal.getsignal(signal.SIGTERM) is signal.default_int_handler:  # else somebody is ending already
            signal.signal(signal.SIGTERM, previous)


def code_of(error: Exception) -> ExitCode:
    """Return the exit code of a client's error."""
    from edgerunner.client.errors import ApiError, ApiUnreachable, StreamRefused

    match error:
        case ApiUnreachable():
            return ExitCode.UNREACHABLE
        case StreamRefused():
            return ExitCode.REFUSED
        case ApiError(status=502 | 503 | 504):
            return ExitCode.UNREACHABLE
        case ApiError(status=status) if status < 500:
            return ExitCode.REFUSED
        case _:
            return ExitCode.FAILED


def sentence_of(error: Exception) -> str:
    """Return what a client's error says to a person, with the wrong fields."""
    from edgerunner.client.errors import ApiError, ApiUnreachable, OutcomeUnknown

    match error:
        case ApiError(fields=fields) if fields:
            further = [field for field in fields if field.message not in str(error)]
            return "\n".join([str(error), *(f"  {field.field}: {field.message}" for field in further)])
        case ApiUnreachable():
            return f"{error}. Is `edgerunner up` running there? Another address is given by --url."
        case OutcomeUnknown(client_order_id=client_order_id):
            return f"OUTCOME UNKNOWN. {error}. Look at order {client_order_id} before you send anything again."
        case _:
            return str(error)


def _details_of(error: Exception) -> Mapping[str, object]:
    from edgerunner.client.errors import ApiError, OutcomeUnknown

    match error:
        case ApiError(code=code, body=body):
            return {"code": code, "problem": body}
        case OutcomeUnknown(client_order_id=client_order_id):
            return {"code": "outcome_unknown", "client_order_id": client_order_id}
        case _:
            return {}


def _end(output: Output, exit_code: ExitCode, sentence: str, **details: object) -> None:
    print(sentence, file=sys.stderr, flush=True)
    output.event(event="error", exit_code=int(exit_code), detail=sentence, **details)
    raise typer.Exit(exit_code)
