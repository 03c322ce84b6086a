"""Strategies as they run: instances, their worker processes, and what flows between both."""
