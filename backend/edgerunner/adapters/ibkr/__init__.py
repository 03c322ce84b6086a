"""Interactive Brokers over the TWS socket, on ib_async."""
