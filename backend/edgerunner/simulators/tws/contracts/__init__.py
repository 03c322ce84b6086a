"""What the simulated TWS lists, and how a client's description finds it."""
