"""Rolling a version out in steps, and taking it back: all of it a fold of the chain's events."""
