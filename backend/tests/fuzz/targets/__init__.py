"""Targets by what they fire at; ``tests.fuzz.registry`` has them all."""
