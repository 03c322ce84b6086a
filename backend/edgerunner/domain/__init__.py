"""Pure values and transitions of trading: no clock, socket, database, randomness or logging."""
