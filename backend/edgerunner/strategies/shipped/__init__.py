"""Shipped strategies, one per module, each a page long."""
