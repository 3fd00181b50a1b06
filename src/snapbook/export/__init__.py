"""A version as others read it: one target a file."""
