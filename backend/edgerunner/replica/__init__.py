"""A further API process over the data folder of one that owns the brokers: reads, streams, and passes commands on."""
