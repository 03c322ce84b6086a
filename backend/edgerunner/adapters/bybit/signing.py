"""Signatures of Bybit V5 (documentation: "Integration Guidance", "Connect")."""

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from edgerunner.adapters.bybit.options import Credentials
from edgerunner.domain.errors import NotConnected


class Signer:
    """Signs requests and stream logins: HMAC-SHA256 in hex, or RSA PKCS#1 v1.5 SHA-256 in base64.

    Without credentials, as for public market data, it raises ``NotConnected`` where something should be signed.
    """

    def __init__(self, credentials: Credentials | None, recv_window_ms: int) -> None:
        self._known = credentials
        self._recv_window = str(recv_window_ms)

    @property
    def recv_window(self) -> str:
        """The receive window in milliseconds, as it is sent."""
        return self._recv_window

    def headers(self, *, timestamp_ms: int, payload: str) -> dict[str, str]:
        """Return the headers that sign one REST request.

        ``payload`` is the raw query string of a GET or the raw body of a POST, byte for byte as sent.
        """
        key = self._credentials.api_key
        return {
            "X-BAPI-API-KEY": key,
            "X-BAPI-TIMESTAMP": str(timestamp_ms),
            "X-BAPI-RECV-WINDOW": self._recv_window,
            "X-BAPI-SIGN-TYPE": "2",
            "X-BAPI-SIGN": self._sign(f"{timestamp_ms}{key}{self._recv_window}{payload}"),
        }

    def login(self, *, expires_ms: int) -> list[str | int]:
        """Return the arguments of a stream's ``auth``; ``expires_ms`` must lie in the server's future."""
        return [self._credentials.api_key, expires_ms, self._sign(f"GET/realtime{expires_ms}")]

    @property
    def _credentials(self) -> Credentials:
        if self._known is None:
            raise NotConnected("this session has no API key: it reads public market data only")
        return self._known

    def _sign(self, text: str) -> str:
        if self._credentials.private_key is not None:
            return base64.b64encode(self._credentials.private_key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
        secret = (self._credentials.api_secret or "").encode()
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
