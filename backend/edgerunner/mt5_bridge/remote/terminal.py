"""A terminal behind a bridge: the calls of the package with its manners, and what `last_error` says."""

import os
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from edgerunner.mt5_bridge.remote.answers import NotAnAnswerError, decode
from edgerunner.mt5_bridge.remote.arguments import CallRefusedError, bind, check_calling
from edgerunner.mt5_bridge.remote.lease import LEASE_HEADER, Lease
from edgerunner.mt5_bridge.remote.link import BridgeLink, LinkError, LinkLostError, Reply, left
from edgerunner.mt5_bridge.remote.options import BridgeOptions
from edgerunner.mt5_bridge.remote.orders import OrderLine
from edgerunner.mt5_bridge.remote.refusals import busy_for_s, last_error_of_refusal, last_error_of_silence
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.errors import SUCCESS, LastError, invalid_argument, last_error_of
from edgerunner.mt5_surface.functions import Function

CALL_PATH: Final = "/v1/calls/"
FALSE_ON_FAILURE: Final = frozenset({"initialize", "login", "symbol_select", "market_book_add", "market_book_release"})
"""Functions that fail with False; the others fail with None."""

PASSWORD_REFUSED: Final = (
    constants.RES_E_AUTH_FAILED,
    (
        "Terminal: Authorization failed: the bridge has the passwords and none travels to it; leave the argument out, "
        "or set EDGERUNNER_MT5_BRIDGE_DROP_PASSWORDS=1 to have it dropped here"
    ),
)
PATH_REFUSED: Final = (
    constants.RES_E_INTERNAL_FAIL_INIT,
    "IPC initialize failed: the bridge knows its terminal, a path on this machine means nothing to it",
)


class RemoteTerminal:
    """One terminal behind one bridge; safe to use from several threads.

    As with the package, everything before `initialize` and after `shutdown`, or after the bridge was lost, fails with
    -10004; and `last_error` tells about the last call of the whole process, whichever thread made it.
    """

    def __init__(self, options: BridgeOptions) -> None:
        """Raises ``ValueError`` for an address that is none of a bridge, or that would show the token."""
        self._options = options
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._link = BridgeLink(self._options)
        self._lease = Lease(self._link, self._options)
        self._orders = OrderLine(self._link, self._lease)
        self._is_initialized = False
        self._last_error: LastError = SUCCESS
        self._lock = threading.Lock()

    @property
    def last_error(self) -> LastError:
        """Code and text of the last call."""
        with self._lock:
            return self._last_error

    def call(self, function: Function, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        """Carry out one call and return what the package would return; its error is in `last_error`.

        Raises ``TypeError`` where the package does: see `check_calling`.
        """
        check_calling(function, args, kwargs or {})
        if os.getpid() != self._process:
            # A forked child: connections, locks and the control are its parent's.
            self._link.leave_to_parent()
            self._begin()
        try:
            result, error = self._carried_out(function, args, kwargs or {})
        except CallRefusedError as refused:
            result, error = None, refused.error
        except LinkError as silence:
            result, error = None, last_error_of_silence(silence)
            self._is_initialized = self._is_initialized and not isinstance(silence, LinkLostError)
        except NotAnAnswerError as broken:
            result, error = None, (constants.RES_E_INTERNAL_FAIL_RECEIVE, f"IPC recv failed: {broken}")
        with self._lock:
            self._last_error = error
        return False if result is None and function.name in FALSE_ON_FAILURE else result

    def shutdown(self) -> None:
        """Give back the control, close the connections, and be uninitialized; the terminal and its bridge stay."""
        self._is_initialized = False
        self._lease.release()
        self._link.close_idle()
        with self._lock:
            self._last_error = SUCCESS

    def _carried_out(
        self, function: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Any, LastError]:
        if function.name == "initialize":
            # Programs name every argument, with None for what they leave to the terminal.
            return self._initialize(bind(function, args, {name: v for name, v in kwargs.items() if v is not None}))
        if not self._is_initialized:
            raise CallRefusedError(last_error_of(constants.RES_E_INTERNAL_FAIL_CONNECT))
        arguments = bind(function, args, kwargs)
        if function.name == "login":
            return self._log_in(arguments)
        if function.name == "order_send":
            return _answer(function.name, self._orders.send(arguments["request"], timeout_s=self._options.timeout_s))
        if function.name == "symbol_select" and arguments.get("enable") is False:
            return self._controlled(function.name, arguments)
        return self._asked(function.name, arguments)

    def _initialize(self, arguments: Mapping[str, Any]) -> tuple[Any, LastError]:
        self._is_initialized = False
        if arguments.get("path"):
            raise CallRefusedError(PATH_REFUSED)
        if arguments.get("portable"):
            raise CallRefusedError(invalid_argument("portable"))
        self._check_password(arguments)
        wish = {"login": arguments["login"]} if "login" in arguments else {}
        answer = self._asked("initialize", wish, self._timeout_of(arguments))
        if answer[0]:
            self._check_server(arguments)
            self._lease.expect(arguments.get("login"))
            self._is_initialized = True
        return answer

    def _log_in(self, arguments: Mapping[str, Any]) -> tuple[Any, LastError]:
        self._check_password(arguments)
        account, error = self._asked("account_info", {})
        if account is not None and account.login == arguments["login"]:
            self._check_server(arguments)
            self._lease.expect(account.login)
            return True, error
        self._lease.expect(None)
        answer = self._controlled("login", {"login": arguments["login"]}, self._timeout_of(arguments))
        if answer[0]:
            self._lease.expect(arguments["login"])
            self._check_server(arguments)
        return answer

    def _controlled(
        self, function: str, arguments: Mapping[str, Any], timeout_s: float | None = None
    ) -> tuple[Any, LastError]:
        """Ask for something that changes the terminal for everybody at it."""
        lease = self._lease.hold(timeout_s=timeout_s or self._options.timeout_s)
        if isinstance(lease, Reply):
            raise CallRefusedError(last_error_of_refusal(lease))
        return self._asked(function, arguments, timeout_s, {LEASE_HEADER: lease})

    def _asked(
        self,
        function: str,
        arguments: Mapping[str, Any],
        timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, LastError]:
        deadline = time.monotonic() + (timeout_s or self._options.timeout_s)
        while True:
            reply = self._link.ask(
                "POST", CALL_PATH + function, dict(arguments), timeout_s=left(deadline), headers=headers
            )
            pause_s = busy_for_s(reply)
            if pause_s is None or pause_s >= left(deadline):
                return _answer(function, reply)
            time.sleep(pause_s)

    def _check_password(self, arguments: Mapping[str, Any]) -> None:
        if arguments.get("password") and not self._options.drop_passwords:
            raise CallRefusedError(PASSWORD_REFUSED)

    def _check_server(self, arguments: Mapping[str, Any]) -> None:
        wanted = arguments.get("server")
        if not wanted:
            return
        account, error = self._asked("account_info", {})
        if account is None:
            raise CallRefusedError(error)
        if account.server != wanted:
            text = f"Terminal: Authorization failed: the bridge's account is on {account.server}, not on {wanted}"
            raise CallRefusedError((constants.RES_E_AUTH_FAILED, text))

    def _timeout_of(self, arguments: Mapping[str, Any]) -> float:
        """The package counts in milliseconds."""
        return arguments["timeout"] / 1000 if arguments.get("timeout", 0) > 0 else self._options.timeout_s


def _answer(function: str, reply: Reply) -> tuple[Any, LastError]:
    if reply.status != 200:
        raise CallRefusedError(last_error_of_refusal(reply))
    try:
        code, text = reply.body["last_error"]
        return decode(function, reply.body["result"]), (int(code), str(text))
    except (KeyError, TypeError, ValueError) as error:
        raise NotAnAnswerError(f"{function}: {error}") from error
