"""The terminal's connection: initialize with back-off, who is logged in, and what everybody is told about it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from edgerunner.mt5_bridge.problems import Code, Problem
from edgerunner.mt5_bridge.settings import AccountSettings, BridgeSettings
from edgerunner.mt5_bridge.terminal_module import CallAnswer, FunctionMissing, ModuleFailed
from edgerunner.mt5_bridge.trade_rules import account_problem
from edgerunner.mt5_bridge.wire import timestamp
from edgerunner.mt5_bridge.worker import NotAnswering, Priority, QueueFull, StillRunning, TerminalWorker
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.errors import SUCCESS

BACK_OFF_S: Final[Sequence[float]] = (1, 2, 4, 8, 15, 30)
LOST: Final = frozenset(
    {
        constants.RES_E_INTERNAL_FAIL_SEND,
        constants.RES_E_INTERNAL_FAIL_RECEIVE,
        constants.RES_E_INTERNAL_FAIL_INIT,
        constants.RES_E_INTERNAL_FAIL_CONNECT,
    }
)
"""What ``last_error`` says when the pipe to the terminal is gone."""

WORKER_ERRORS: Final = (NotAnswering, QueueFull, StillRunning, FunctionMissing, ModuleFailed)

logger = logging.getLogger(__name__)


class TerminalState(StrEnum):
    """How it stands with the terminal."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    NOT_ANSWERING = "not_answering"
    ACCOUNT_MISMATCH = "account_mismatch"


_ANSWERED: Final = frozenset({TerminalState.CONNECTED, TerminalState.ACCOUNT_MISMATCH})
"""The states of a terminal that shows an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalView:
    """What is told about the terminal; ``since`` in seconds since 1970.

    ``generation`` counts the times it was initialized: a terminal that was away for less than a look has a new one.
    """

    state: TerminalState
    since: float
    detail: str = ""
    login: int | None = None
    server: str | None = None
    trade_mode: int | None = None
    last_error: tuple[int, str] | None = None
    generation: int = 0

    def body(self) -> dict[str, Any]:
        """Return it as it is on the wire."""
        return {
            "state": str(self.state),
            "since": timestamp(self.since),
            "detail": self.detail,
            "login": self.login,
            "server": self.server,
            "trade_mode": self.trade_mode,
            "last_error": self.last_error,
            "generation": self.generation,
        }


class TerminalConnection:
    """Keeps the terminal initialized and compares its account with the configured one."""

    def __init__(
        self,
        worker: TerminalWorker,
        settings: BridgeSettings,
        *,
        back_off_s: Sequence[float] = BACK_OFF_S,
        on_change: Callable[[TerminalView], None] = lambda _: None,
        on_account: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_change`` is told every new state; ``on_account`` that all that was read before may be another's."""
        self._worker = worker
        self._settings = settings
        self._back_off_s = back_off_s
        self._on_change = on_change
        self._on_account = on_account
        self._expected = settings.accounts.get(settings.login) if settings.login is not None else None
        self._generation = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.view = TerminalView(state=TerminalState.CONNECTING, since=time.time())

    @property
    def expected(self) -> AccountSettings | None:
        """The account that orders are meant for; None = the bridge reads only."""
        return self._expected

    async def start(self) -> None:
        """Connect, and stay connected, in the background."""
        self._task = asyncio.create_task(self._run(), name="mt5-connection")

    async def stop(self) -> None:
        """End the watch and disconnect from the terminal, which goes on running."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._worker.is_answering:
            with contextlib.suppress(*WORKER_ERRORS):
                await self._worker.run(lambda module: module.call("shutdown"), priority=Priority.CALL, timeout_s=5)

    def note(self, answer: CallAnswer) -> None:
        """Look at what a call said about the connection."""
        if answer.last_error[0] in LOST and self.view.state in _ANSWERED:
            self._wake.set()

    def answering_changed(self) -> None:
        """Note that the terminal hangs, or that it answers again."""
        if not self._worker.is_answering:
            self._change(TerminalState.NOT_ANSWERING, "a call of the terminal has not returned")
        self._wake.set()

    async def initialize(self, login: int | None) -> CallAnswer:
        """Make sure that the terminal is connected. Raises ``Problem`` for another account than the one in use."""
        if login is not None:
            self._configured(login)
            if self._expected is not None and login != self._expected.login:
                raise Problem(Code.FORBIDDEN, f"the terminal is used with {self._expected.login}; `login` changes it")
        if self.view.state is TerminalState.CONNECTED and await self._look():
            return CallAnswer(result=True, last_error=SUCCESS)  # initializing again would cut it off for a moment
        return await self._connect()

    async def login(self, login: int) -> CallAnswer:
        """Change the terminal's account, for everybody. Raises ``Problem`` for one that is not configured."""
        account = self._configured(login)
        named = _credentials(account, self._settings.connect_timeout_s)
        named.pop("login")
        answer = await self._worker.run(
            lambda module: module.call("login", login, **named),
            priority=Priority.CALL,
            timeout_s=self._settings.connect_timeout_s + 5,
        )
        if answer.result:
            self._expected = account
        await self._look()
        return answer

    def _configured(self, login: int) -> AccountSettings:
        account = self._settings.accounts.get(login)
        if account is None:
            raise Problem(Code.FORBIDDEN, f"the account {login} is not configured in this bridge (--login)")
        return account

    async def _run(self) -> None:
        failures = 0
        while True:
            self._wake.clear()
            is_connected = await self._checked()
            failures = 0 if is_connected else failures + 1
            pause = self._settings.polls.probe_s
            if not is_connected:
                pause = self._back_off_s[min(failures, len(self._back_off_s)) - 1]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _checked(self) -> bool:
        """Look, else connect; whether the terminal has an account, be it the right one or not."""
        try:
            if self.view.state is TerminalState.CONNECTING or not await self._look():
                await self._connect()
        except WORKER_ERRORS as error:
            if self._worker.is_answering:
                self._change(TerminalState.DISCONNECTED, str(error))
        except Exception:  # whatever the module answers, the watch must go on
            logger.exception("the terminal's answer makes no sense")
            self._change(TerminalState.DISCONNECTED, "the terminal's answer makes no sense")
        return self.view.state in _ANSWERED

    async def _connect(self) -> CallAnswer:
        path = [self._settings.path] if self._settings.path is not None else []
        named = _credentials(self._expected, self._settings.connect_timeout_s)
        answer = await self._worker.run(
            lambda module: module.call("initialize", *path, **named),
            priority=Priority.CALL,
            timeout_s=self._settings.connect_timeout_s + 5,
        )
        if not answer.result:
            self._change(TerminalState.DISCONNECTED, "initialize failed", last_error=answer.last_error)
            return answer
        self._generation += 1
        if not await self._look():
            self._change(TerminalState.DISCONNECTED, "the terminal shows no account")
        return answer

    async def _look(self) -> bool:
        """Compare the terminal's account with the configured one; False = it shows none."""
        answer = await self._worker.run(
            lambda module: module.call("account_info"), priority=Priority.CALL, timeout_s=self._settings.call_timeout_s
        )
        account = answer.result
        if account is None:
            return False
        problem = account_problem(account, self._expected) if self._expected is not None else None
        state = TerminalState.CONNECTED if problem is None else TerminalState.ACCOUNT_MISMATCH
        is_new = self._generation != self.view.generation
        is_another = (account.login, account.server, state) != (self.view.login, self.view.server, self.view.state)
        self._set(
            TerminalView(
                state=state,
                since=time.time(),
                generation=self._generation,
                detail="" if problem is None else problem.detail,
                login=account.login,
                server=account.server,
                trade_mode=account.trade_mode,
            )
        )
        if is_new or is_another:
            self._on_account()
        return True

    def _change(self, state: TerminalState, detail: str, *, last_error: tuple[int, str] | None = None) -> None:
        self._set(replace(self.view, state=state, since=time.time(), detail=detail, last_error=last_error))

    def _set(self, view: TerminalView) -> None:
        if replace(view, since=self.view.since) != self.view:
            logger.info("terminal %s %s", view.state, view.detail)
            self.view = view
            self._on_change(view)


def _credentials(account: AccountSettings | None, timeout_s: float) -> dict[str, Any]:
    """Return the keywords of ``initialize``: only what is configured, so that the terminal's own values stay."""
    given = {} if account is None else {"login": account.login, "password": account.password, "server": account.server}
    return {name: value for name, value in given.items() if value is not None} | {"timeout": int(timeout_s * 1000)}
