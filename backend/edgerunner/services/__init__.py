"""Use cases: what the API, the command line and strategies ask for."""
