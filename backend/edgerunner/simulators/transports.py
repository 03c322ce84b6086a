"""What asyncio does not offer on a TCP connection."""

import asyncio
import socket
import struct
import sys


def reset_transport(transport: asyncio.BaseTransport | None) -> None:
    """Abort a TCP connection so that the peer sees RST instead of FIN (linger time 0)."""
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        layout = "hh" if sys.platform == "win32" else "ii"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(layout, 1, 0))
    if isinstance(transport, asyncio.Transport):
        transport.abort()
