"""Orders of the simulated TWS."""
