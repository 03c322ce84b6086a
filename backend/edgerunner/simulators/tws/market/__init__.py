"""Live market data as the simulated TWS tells it, and single ticks of the past."""
