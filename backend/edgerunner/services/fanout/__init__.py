"""What processes over one journal tell each other through Redis, where there is one: never the truth, only sooner."""
