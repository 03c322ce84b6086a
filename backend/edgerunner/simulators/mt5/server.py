"""The simulated terminal's end of the pipe: one conversation per connected module."""
