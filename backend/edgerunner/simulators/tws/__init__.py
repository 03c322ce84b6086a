"""The simulator of Interactive Brokers' TWS socket."""
