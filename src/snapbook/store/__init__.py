"""Digest -> bytes: immutable, verified on read. One engine a file."""
