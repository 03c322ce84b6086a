"""What the simulated TWS tells about accounts: values, positions, profits."""
