"""How one framework's model becomes bytes and facts, and back. One flavor a file."""
