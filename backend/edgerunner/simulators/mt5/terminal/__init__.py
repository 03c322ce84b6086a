"""The simulated terminal: who is logged in, what is in the Market Watch, and everything shown in server time."""
