"""What survives a restart: the journal, its projections, connections and their secrets."""
