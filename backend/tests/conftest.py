"""Settings that every test shares."""

from hypothesis import settings

from tests.canary import (  # noqa: F401 - hooks of pytest: secrets that the suite leaks fail it
    pytest_runtest_logreport,
    pytest_runtest_setup,
    pytest_runtest_teardown,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

# No deadline: a slow machine is no failure. The blob reproduces a failing example anywhere.
settings.register_profile("edgerunner", deadline=None, print_blob=True)
settings.load_profile("edgerunner")
