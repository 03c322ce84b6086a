"""One HTTP call to the API: parameters out, JSON or a typed error back."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

from edgerunner.client.errors import ApiError, ApiUnreachable, FieldError, OutcomeUnknown

Json = dict[str, Any]
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class ApiTransport:
    """HTTP with the API key in every request.

    ``timeout_s`` bounds connecting and each wait for an answer; a call that waits at the server on
    purpose adds that time.
    """

    def __init__(
        self, url: str, api_key: str, *, timeout_s: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url = url
        self._timeout_s = timeout_s
        # Proxies of the environment are for the internet; the API is our own and mostly on loopback.
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {api_key}"}, transport=transport, trust_env=False
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str, **parameters: object) -> Json:
        """Read; None parameters are left out. Raises ``ApiError``, ``ApiUnreachable``."""
        try:
            response = await self._http.get(path, params=_present(parameters), timeout=self._timeout_s)
        except httpx.TransportError as error:
            raise ApiUnreachable(f"{self._url} does not answer ({_reason(error)})") from error
        return self._answer(response)

    async def get_text(self, path: str) -> str:
        """Read what is no JSON; raises ``ApiError``, ``ApiUnreachable``."""
        try:
            response = await self._http.get(path, timeout=self._timeout_s)
        except httpx.TransportError as error:
            raise ApiUnreachable(f"{self._url} does not answer ({_reason(error)})") from error
        if response.is_error:
            self._answer(response)
        try:
            return response.text
        except UnicodeError as error:
            raise ApiUnreachable(f"{self._url} is no Edgerunner: {path} is no text") from error

    async def command(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        query: Mapping[str, object] | None = None,
        wait_ms: int | None = None,
        timeout_s: float | None = None,
        client_order_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Json:
        """Change something, once: never repeated here.

        Raises ``ApiError``, ``ApiUnreachable`` (not sent) or ``OutcomeUnknown`` (sent, no answer).
        """
        try:
            response = await self._http.request(
                method,
                path,
                json=_present(body) if body is not None else None,
                params=_present({**(query or {}), "wait_ms": wait_ms}),
                headers=_present({"Idempotency-Key": idempotency_key}),
                timeout=(timeout_s or self._timeout_s) + (wait_ms or 0) / 1000,
            )
        except _NOT_SENT as error:
            raise ApiUnreachable(f"{self._url} does not answer ({_reason(error)})") from error
        except httpx.TransportError as error:
            raise OutcomeUnknown(
                f"{method} {path} was sent, but {self._url} gave no answer ({_reason(error)}): "
                "it may have been carried out or not",
                client_order_id=client_order_id,
                idempotency_key=idempotency_key,
            ) from error
        try:
            return self._answer(response)
        except ApiError as error:
            if error.code != "outcome_unknown":
                raise
            raise OutcomeUnknown(
                error.detail, client_order_id=client_order_id, idempotency_key=idempotency_key
            ) from error

    def _answer(self, response: httpx.Response) -> Json:
        try:
            body = response.json()
        except (ValueError, LookupError, RecursionError):  # no JSON, a charset nobody knows, nested too deeply
            body = None
        if not isinstance(body, dict):
            raise ApiUnreachable(f"{self._url} is no Edgerunner: HTTP {response.status_code} without a JSON object")
        if response.is_error:
            raise _problem(response.status_code, body)
        return body


def _present(values: Mapping[str, Any]) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _reason(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def _problem(status: int, body: Json) -> ApiError:
    return ApiError(
        status=status,
        code=str(body.get("code", f"http_{status}")),
        detail=str(body.get("detail") or body.get("title") or f"HTTP {status}"),
        fields=tuple(_field_errors(body.get("errors"))),
        body=body,
    )


def _field_errors(errors: object) -> Iterator[FieldError]:
    """Yield the wrong fields that a problem names; a proxy's problem may hold anything there."""
    for item in errors if isinstance(errors, list) else ():
        match item:
            case {"field": str(field), "code": str(code), "message": str(message)}:
                yield FieldError(field=field, code=code, message=message)
