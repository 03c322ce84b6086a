"""Local execution: orders filled by our own matching core on the prices of a connection."""
