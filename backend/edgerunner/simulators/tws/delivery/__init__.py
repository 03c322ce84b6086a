"""How the messages of the order path reach a client: profiles of order, doubles, delays and omissions, and faults."""
