"""The append-only chain of events, on each engine, and an index over it that may be thrown away."""
