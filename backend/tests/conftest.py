"""Settings that every test shares."""

from hypothesis import settings

# No deadline: a slow machine is no failure. The blob reproduces a failing example anywhere.
settings.register_profile("edgerunner", deadline=None, print_blob=True)
settings.load_profile("edgerunner")
