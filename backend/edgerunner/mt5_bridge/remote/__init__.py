"""A terminal elsewhere as a module here: the names of `MetaTrader5` over a bridge, for Linux, macOS and Windows.

    from edgerunner.mt5_bridge.remote import connect

    mt5 = connect("http://127.0.0.1:8103", token="...")
    mt5.initialize()

Needs the standard library and numpy alone, so that two folders on ``sys.path`` carry it into any environment.
"""

import sys
from dataclasses import replace
from typing import Any

from edgerunner.mt5_bridge.remote.module import VENDOR_NAME, RemoteModule
from edgerunner.mt5_bridge.remote.options import BridgeOptions

__all__ = ["BridgeOptions", "RemoteModule", "connect", "register"]


def connect(url: str | None = None, *, token: str | None = None, **options: Any) -> RemoteModule:
    """Return a module that talks to the bridge at ``url``; nothing is sent before its `initialize`.

    What is not given comes from the environment; but another bridge than the environment's never gets its token.
    ``options`` are further fields of `BridgeOptions`.

    Raises:
        OSError: The token file of the environment cannot be read.
        ValueError: ``url`` is none of a bridge, or would show the token to others.
    """
    here = BridgeOptions.from_environment()
    address = here.url if url is None else url
    secret = (here.token if address == here.url else "") if token is None else token
    return RemoteModule(replace(here, url=address, token=secret, **options))


def register(options: BridgeOptions | None = None) -> RemoteModule:
    """Make a remote module the one that ``import MetaTrader5`` finds from now on in this process, and return it.

    Raises as `connect` does.
    """
    module = RemoteModule(options or BridgeOptions.from_environment())
    sys.modules[VENDOR_NAME] = module
    return module
