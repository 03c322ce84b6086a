"""Pre-trade checks: pure decisions over an order, an account, its limits and a quote."""
