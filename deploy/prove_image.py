"""Two questions to a container that runs, for image.sh.

prove_image.py ready URL             wait until it is ready
prove_image.py drain URL COMMAND...  authenticate (KEY), read the stream, run COMMAND, see the stream closed in order
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

READY_TIMEOUT_S = 120
CLOSE_TIMEOUT_S = 30
GOING_AWAY = (1001, 1012)
"""Close codes of a server that goes (RFC 6455, section 7.4.1, and its registry: service restart)."""


def status(url: str, key: str | None = None) -> int:
    """Return the HTTP status of a GET, 0 when nobody answers."""
    request = urllib.request.Request(url, headers={} if key is None else {"Authorization": f"Bearer {key}"})  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - our own container
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def ready(url: str) -> None:
    """Wait for readiness; say how long it took."""
    started = time.monotonic()
    while status(f"{url}/readyz") != 200:
        if time.monotonic() - started > READY_TIMEOUT_S:
            sys.exit(f"{url} was not ready within {READY_TIMEOUT_S} s")
        time.sleep(0.1)
    print(f"ready after {time.monotonic() - started:.1f} s, /healthz {status(f'{url}/healthz')}")


def drain(url: str, command: list[str]) -> None:
    """Prove that the key counts, then end the container while a stream is read."""
    key = os.environ["KEY"].strip()
    print(f"GET /broker/connections: {status(f'{url}/broker/connections')} without the key, ", end="")
    print(f"{status(f'{url}/broker/connections', key)} with it; GET /app/: {status(f'{url}/app/')}")
    with connect(f"{url.replace('http', 'ws', 1)}/ws/broker", proxy=None, max_size=None) as stream:
        stream.send(json.dumps({"op": "authenticate", "token": key}))
        stream.send(json.dumps({"op": "subscribe", "channel": "orders"}))
        while json.loads(stream.recv(timeout=10)).get("kind") != "snapshot":
            pass
        started = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - image.sh says which
        code = close_code(stream)
    print(f"the stream was closed with {code} {time.monotonic() - started:.1f} s after SIGTERM")
    if code not in GOING_AWAY:
        sys.exit(f"that is none of {GOING_AWAY}")


def close_code(stream: ClientConnection) -> int | None:
    """Read on until the stream is closed."""
    try:
        while True:
            stream.recv(timeout=CLOSE_TIMEOUT_S)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


if __name__ == "__main__":
    if sys.argv[1] == "ready":
        ready(sys.argv[2])
    else:
        drain(sys.argv[2], sys.argv[3:])
