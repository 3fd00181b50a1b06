"""A version on trial: its model is loaded and asked in a process of its own, for gates."""
