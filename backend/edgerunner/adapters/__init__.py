"""Broker adapters: the contract and what implements it."""
