"""How often one caller may ask."""

from pathlib import Path
from typing import Any

import pytest

from edgerunner.domain.access import OWNER, Credential, Principal, Right, Role
from edgerunner.routes.rate_limits import CALLS_PER_S, CallClass, RateLimits, caller_of, class_of
from edgerunner.routes.rights import PRINCIPAL
from tests.api.harness import running_api
from tests.api.test_errors import assert_problem

READER = Principal(
    actor="key:1", user=None, role=Role.VIEWER, rights=frozenset({Right.READ}), credential=Credential.KEY
)


class Counter:
    """An application that counts what reaches it, and what was answered."""

    def __init__(self, factor: float) -> None:
        self.reached = 0
        self.statuses: list[int] = []
        self.limited = RateLimits(self._answer, factor=factor)

    async def _answer(self, *_: Any) -> None:
        self.reached += 1

    async def call(self, method: str, path: str, **scope: Any) -> None:
        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.statuses.append(message["status"])

        await self.limited(
            {"type": "http", "method": method, "path": path, "headers": [], "client": ("192.0.2.1", 1), **scope},
            self._silence,
            send,
        )

    async def _silence(self) -> Any:
        raise AssertionError("nobody reads the body")


async def test_a_caller_above_its_rate_is_told_when_to_come_back(tmp_path: Path) -> None:
    async with running_api(tmp_path, rate_limit_factor=0.001) as api:
        answers = [await api.http.get("/positions") for _ in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert_problem(refused[0], 429, "rate_limited")
    assert refused[0].headers["retry-after"] == "1"


async def test_callers_do_not_slow_each_other_down() -> None:
    app = Counter(0.001)
    for scope in ({PRINCIPAL: OWNER}, {PRINCIPAL: READER}, {}, {"client": ("192.0.2.2", 1)}):
        await app.call("GET", "/positions", **scope)
    assert app.reached == 4


async def test_what_makes_things_safer_is_never_braked() -> None:
    app = Counter(0.001)
    for _ in range(20):
        for method, path in (
            ("DELETE", "/orders/a"),
            ("POST", "/orders/cancel-all"),
            ("POST", "/positions/close"),
            ("POST", "/risk/halt"),
        ):
            await app.call(method, path, **{PRINCIPAL: OWNER})
    assert (app.reached, app.statuses) == (80, [])


async def test_a_factor_of_nothing_switches_the_limits_off() -> None:
    app = Counter(0)
    for _ in range(2_000):
        await app.call("POST", "/auth/login")
    assert app.reached == 2_000


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/positions", CallClass.USUAL),
        ("POST", "/trade", CallClass.USUAL),
        ("POST", "/broker/connect", CallClass.HEAVY),
        ("POST", "/auth/login", CallClass.PASSWORD),
        ("GET", "/instruments", CallClass.SEARCH),
        ("DELETE", "/orders/x", CallClass.FREE),
    ],
)
def test_calls_have_the_class_of_what_they_cost(method: str, path: str, kind: CallClass) -> None:
    assert class_of(method, path) is kind
    assert kind is CallClass.FREE or CALLS_PER_S[kind] >= 10


def test_an_address_is_counted_where_nobody_is_known() -> None:
    assert caller_of({"client": ("192.0.2.1", 1)}) == "address:192.0.2.1"
    assert caller_of({"client": None}) == "address:"
    assert caller_of({PRINCIPAL: READER, "client": None}) == "key:1"
