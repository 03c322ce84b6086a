"""Identity: who may call, with what, and what they did."""
