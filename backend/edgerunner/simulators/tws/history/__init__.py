"""Past prices as the simulated TWS tells them."""
