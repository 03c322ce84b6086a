"""A Bybit V5 venue on loopback: REST and WebSockets, wire-true, over the shared simulated venue."""
