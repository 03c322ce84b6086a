"""Generated requests against the document, through the real server: every answer is one that was declared."""

import asyncio
import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import hypothesis
import pytest
import schemathesis
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from edgerunner.domain.access import Role
from edgerunner.routes.rights import is_public
from tests.api.harness import AUTHORIZED, served_api
from tests.api.identity_desk import PASSWORD

SEED = int(os.environ.get("EDGERUNNER_TEST_SEED", secrets.randbelow(2**32)))
EXAMPLES = 15
EXAMPLES_OF_OTHERS = 4
START_TIMEOUT_S = 90

schema = schemathesis.openapi.from_path(Path(__file__).with_name("openapi.json"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where an application listens that runs in a thread with a loop of its own."""
    folder, started, stop = tmp_path_factory.mktemp("served"), threading.Event(), threading.Event()
    found: list[str] = []
    thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, found, started, stop)), name="api")
    thread.start()
    try:
        assert started.wait(START_TIMEOUT_S), "the application did not start"
        yield found[0]
    finally:
        stop.set()
        thread.join(START_TIMEOUT_S)


async def _serve(folder: Path, url: list[str], started: threading.Event, stop: threading.Event) -> None:
    async with served_api(folder, rate_limit_factor=0) as api:  # generated calls come faster than any program's
        await api.connect(connection_id="bybit-sim")
        await api.services.identity.people.add("viewer", PASSWORD, Role.VIEWER)
        url.append(str(api.http.base_url).rstrip("/"))
        started.set()
        await asyncio.to_thread(stop.wait)


@pytest.fixture(scope="module")
def viewer(url: str) -> dict[str, str]:
    """What a person sends who may look and nothing else."""
    signed_in = httpx.post(f"{url}/auth/login", json={"user": "viewer", "password": PASSWORD}, trust_env=False)
    return {"Authorization": f"Bearer {signed_in.json()['access_token']}"}


def _left_out(case: Any, sent_url: str) -> list[Any]:
    """Return the checks that cannot hold for this case.

    A generated query member without a value (an empty list, for instance) is dropped by the client:
    what was wrong about it was never sent, whatever else was.
    """
    checks: list[Any] = [positive_data_acceptance, not_a_server_error]
    sent = parse_qs(urlsplit(sent_url).query, keep_blank_values=True)
    if case.query and not set(case.query) <= set(sent):
        checks.append(negative_data_rejection)
    return checks


@schema.parametrize()
@hypothesis.seed(SEED)
@hypothesis.settings(max_examples=EXAMPLES, suppress_health_check=list(hypothesis.HealthCheck))
def test_every_answer_is_declared(case: Case[Any], url: str) -> None:
    """Two checks are left out, with reason.

    Valid by schema does not mean acceptable: fields that contradict each other (a market order with
    a price) and instruments that do not exist are refused with 422 and 404. And 501 to 504 are
    declared answers about the broker; only 500 is a defect.
    """
    hypothesis.note(f"EDGERUNNER_TEST_SEED={SEED}")
    response = case.call(base_url=url, headers=AUTHORIZED, timeout=30)
    assert response.status_code != 500, response.text
    case.validate_response(response, excluded_checks=_left_out(case, str(response.request.url)))


own = schema.exclude(path_regex="^/(auth|api-keys)")
"""Calls about oneself are every person's, and end sessions."""


@own.parametrize()
@hypothesis.seed(SEED)
@hypothesis.settings(max_examples=EXAMPLES_OF_OTHERS, suppress_health_check=list(hypothesis.HealthCheck))
def test_a_viewer_changes_nothing(case: Case[Any], url: str, viewer: dict[str, str]) -> None:
    hypothesis.note(f"EDGERUNNER_TEST_SEED={SEED}")
    response = case.call(base_url=url, headers=viewer, timeout=30)
    assert response.status_code != 500, response.text
    if case.method.upper() not in {"GET", "HEAD", "OPTIONS"}:
        assert not 200 <= response.status_code < 300, response.text
    case.validate_response(response, excluded_checks=_left_out(case, str(response.request.url)))


@schema.parametrize()
@hypothesis.seed(SEED)
@hypothesis.settings(max_examples=EXAMPLES_OF_OTHERS, suppress_health_check=list(hypothesis.HealthCheck))
def test_a_stranger_reaches_public_pages_alone(case: Case[Any], url: str) -> None:
    hypothesis.note(f"EDGERUNNER_TEST_SEED={SEED}")
    response = case.call(base_url=url, timeout=30)
    assert response.status_code != 500, response.text
    path = urlsplit(str(response.request.url)).path
    if not is_public(unquote(path)):
        assert response.status_code in {401, 414, 422, 431}, response.text
        assert "www-authenticate" in response.headers or response.status_code != 401
