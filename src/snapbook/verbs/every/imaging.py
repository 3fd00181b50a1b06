"""The options of an export that becomes an image."""

from __future__ import annotations

from snapbook.verbs.table import Argument

IMAGES = ("docker", "oci", "modelpack")
PLACED = ("oci", "modelpack")  # which may go on as an address: oci://HOST/NAME:TAG
BASE = Argument(
    ("--base",),
    "with docker, oci: the image to build on, by its name, or an OCI layout: a folder, a .tar;"
    " left out: python:3.X-slim",
    metavar="IMAGE",
)
PLAIN_HTTP = Argument(("--plain-http",), "talk to registries of images without encryption", "flag")
OFFLINE = Argument(("--offline",), "packages out of uv's cache alone", "flag")
HASHES = Argument(
    ("--hashes",), "with bundle: a lock with the hashes of what may be installed", "flag"
)
WHEELS = Argument(
    ("--with-wheels",), "with bundle, docker: the packages themselves, for places offline", "flag"
)
OPTIONS = (BASE, WHEELS, HASHES, OFFLINE, PLAIN_HTTP)
