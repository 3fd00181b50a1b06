"""Which cells made what: the log of a kernel, what a cell binds and reads, and the slice between."""
