"""Expert Advisors: launched in a terminal of our own, and run in the Strategy Tester."""
