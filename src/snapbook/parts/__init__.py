"""One captured kind of thing a module: how it is kept, restored and compared."""
