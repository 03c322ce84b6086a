"""Brokers made of software: each speaks its own wire protocol over one matching core and one market."""
