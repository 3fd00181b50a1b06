"""The HTTP face of a Repository and its client: what makes one a registry that others reach."""
