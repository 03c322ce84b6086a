"""One fuzz target: a decoder, inputs for it, and the check that every input must pass."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from hypothesis.strategies import SearchStrategy

from tests.fuzz.declared import Broken

Check = Callable[[Any], object]
"""Takes one input; raises whatever is wrong with the decoder. What it returns is not looked at."""

Served = TypeVar("Served")
_ONE_EXAMPLE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A decoder under fire.

    Attributes:
        name: Selects it on the command line.
        decoder: What is fuzzed, for people.
        inputs: Hostile inputs: recorded or made messages with damage, and plain rubbish.
        opened: Gives the check; a target that needs a server starts and stops it around all its inputs.
        is_slow: One input takes milliseconds (a socket, a database): fewer examples in ``make test``.
    """

    name: str
    decoder: str
    inputs: SearchStrategy[Any]
    opened: Callable[[], AbstractContextManager[Check]]
    is_slow: bool = False


def pure(name: str, decoder: str, inputs: SearchStrategy[Any], check: Check) -> Target:
    """Return the target of a decoder that needs nothing but its input."""
    return Target(name=name, decoder=decoder, inputs=inputs, opened=lambda: nullcontext(check))


def served(
    name: str,
    decoder: str,
    inputs: SearchStrategy[Any],
    server: Callable[[], AbstractAsyncContextManager[Served]],
    check: Callable[[Served, Any], Awaitable[None]],
) -> Target:
    """Return the target of a decoder inside a server or session; ``check`` runs in the server's loop."""
    return Target(name=name, decoder=decoder, inputs=inputs, opened=partial(_in_a_loop, server, check), is_slow=True)


@contextmanager
def _in_a_loop(
    server: Callable[[], AbstractAsyncContextManager[Served]], check: Callable[[Served, Any], Awaitable[None]]
) -> Iterator[Check]:
    with asyncio.Runner() as runner:
        context = server()
        site = runner.run(_awaited(context.__aenter__()))
        try:
            yield lambda value: runner.run(_bounded(check(site, value)))
        finally:
            runner.run(_awaited(context.__aexit__(None, None, None)))


async def _bounded(work: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(_ONE_EXAMPLE_S):
            await work
    except TimeoutError:
        raise Broken(f"no end after {_ONE_EXAMPLE_S:g} s") from None


async def _awaited(work: Awaitable[Served]) -> Served:
    return await work


Work = Coroutine[Any, Any, None]
