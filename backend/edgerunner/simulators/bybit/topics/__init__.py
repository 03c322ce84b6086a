"""Public market-data topics: each turns the venue's market into the messages of one Bybit topic."""
