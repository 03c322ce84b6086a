"""Passwords: refused ones, and that nobody's costs what somebody's costs."""

import asyncio

import pytest
from pwdlib import PasswordHash

from edgerunner.domain.errors import Overloaded, RateLimited
from edgerunner.services.identity.passwords import MOST_WAITING, PasswordHasher, weakness_of
from tests.waiting import until

GOOD = ["quiet-otters-row-home", "correct horse battery", "Zx81!amstrad.cpc", "пароль-без-слов-7", "9Wq.;rT2mB{aL"]


@pytest.mark.parametrize("password", GOOD)
def test_a_good_password_passes(password: str) -> None:
    assert weakness_of(password, "anna") is None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("elevenchars", "at least 12"),
        ("x" * 257, "at most 256"),
        ("abababababab", "repeats"),
        ("zyxwvutsrqponm", "row"),
        ("Passw0rd!2026", "well-known"),
        ("anna-1990-!!!", "well-known"),
        ("Letmein123456", "well-known"),
        ("123456!!2026??", "well-known"),
    ],
)
def test_a_password_that_is_guessed_early_is_refused(password: str, reason: str) -> None:
    assert reason in str(weakness_of(password, "anna"))


class CountingHash(PasswordHash):
    """Counts verifications."""

    def __init__(self) -> None:
        super().__init__(PasswordHash.recommended().hashers)
        self.verified: list[str] = []

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - the library's own name
        self.verified.append(str(hash)[:30])
        return super().verify(password, hash)


async def test_an_unknown_user_costs_one_verification_with_the_same_parameters() -> None:
    hasher = PasswordHasher()
    counting = CountingHash()
    hasher._hash = counting
    stored = await hasher.hash(GOOD[0])
    assert stored.startswith("$argon2id$")
    assert await hasher.verify(GOOD[0], stored, on_turn=lambda: None)
    assert not await hasher.verify(GOOD[1], stored, on_turn=lambda: None)
    assert not await hasher.verify(GOOD[0], None, on_turn=lambda: None)
    assert len(counting.verified) == 3
    assert len(set(counting.verified)) == 1, "memory, passes and lanes are the same"


async def test_the_same_text_fits_however_a_keyboard_composed_it() -> None:
    hasher = PasswordHasher()
    assert await hasher.verify("cafe\u0301-otters-row", await hasher.hash("caf\u00e9-otters-row"), on_turn=lambda: None)


async def test_what_is_asked_on_ones_turn_ends_the_try() -> None:
    def refuse() -> None:
        raise RateLimited("too many", retry_after_s=1)

    with pytest.raises(RateLimited):
        await PasswordHasher().verify("x", None, on_turn=refuse)


async def _is_full(hasher: PasswordHasher) -> bool:
    return hasher._waiting == MOST_WAITING


async def test_a_crowd_is_refused_instead_of_queued_without_end() -> None:
    hasher = PasswordHasher()
    await hasher._turn.acquire()  # somebody is at it
    crowd = [asyncio.create_task(hasher.verify("x", None, on_turn=lambda: None)) for _ in range(MOST_WAITING)]
    await until(lambda: _is_full(hasher), timeout_s=5, what="everybody waits")
    with pytest.raises(Overloaded):
        await hasher.verify("x", None, on_turn=lambda: None)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
