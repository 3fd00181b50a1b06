"""Which cells made what: a kernel's log, what a cell binds and reads, and slices of it."""
