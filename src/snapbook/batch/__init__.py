"""Many rows at once: files, and partitions of whatever engine holds them, answered by a bundle."""
