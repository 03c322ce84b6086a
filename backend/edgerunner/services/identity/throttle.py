"""How often sign-ins may fail: per user and per address, counted on failures alone."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from edgerunner.domain.errors import RateLimited

USER_FAILURES = RateLimitItemPerMinute(10, 5, namespace="user")
ADDRESS_FAILURES = RateLimitItemPerMinute(30, 5, namespace="address")


class SignInThrottle:
    """Refuses to try a password when too many were wrong in the last five minutes.

    Keys and tokens never come here: whoever has one is not locked out by other people's guesses. Counts
    are in memory; a restart forgets them.
    """

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    def require_free(self, user_name: str, address: str) -> None:
        """Pass while neither the user nor the address has failed too often. Raises ``RateLimited``."""
        for limit, whose in ((USER_FAILURES, user_name), (ADDRESS_FAILURES, address)):
            if not self._limiter.test(limit, whose):
                wait_s = max(1.0, math.ceil(self._limiter.get_window_stats(limit, whose).reset_time - time.time()))
                raise RateLimited(
                    f"too many wrong passwords or codes: try again in {wait_s:.0f} s", retry_after_s=wait_s
                )

    def failed(self, user_name: str, address: str) -> None:
        """Count a failure."""
        self._limiter.hit(USER_FAILURES, user_name)
        self._limiter.hit(ADDRESS_FAILURES, address)
