"""What standard tools build an image from: a Containerfile, and all that it copies.

Packages come from where pip takes them by itself, held to the lock of the bundle, or from the
wheels in it. The result is the same image as `export.image` makes, but for what pip and the tool
write of their own: so its digest differs from one build to the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from snapbook.export import image, ours
from snapbook.export.files import File, whole
from snapbook.serve import recipe
from snapbook.serve.load import Bundle
from snapbook.serve.pins import written

FILE = "Containerfile"
_LOCK = "requirements.txt"


def files(opened: Bundle, name: str, wheels: bool) -> Iterator[File]:
    """The Containerfile on the base ``name``, and its context but for the bundle itself and the
    ``wheels``, which belong into folders of these names beside it.
    """
    wanted = recipe.recipe(opened, recipe.SERVING)
    yield whole(FILE, _text(opened, name, wanted, wheels).encode())
    yield whole(".dockerignore", b"Containerfile\n")
    yield whole(_LOCK, written(wanted.needed, wanted.hashes).encode())
    if not wanted.hashes:
        yield whole("constraints.txt", written(wanted.locked, {}).encode())
    yield from image.program("snapbook")
    yield from ours.files("snapbook/lib")


def _text(opened: Bundle, name: str, wanted: recipe.Recipe, wheels: bool) -> str:
    home = image.HOME
    options = ["--no-cache-dir", "--disable-pip-version-check", "--only-binary=:all:",
               f"--target={home}/lib"]  # fmt: skip
    if wanted.hashes:
        options += ["--require-hashes", "--no-deps"]
    if wheels:
        options += ["--no-index", "--find-links=/build/wheels"]
    options += [f"--requirement=/build/{_LOCK}"]
    copied = [_LOCK]
    if not wanted.hashes:
        options += ["--constraint=/build/constraints.txt"]
        copied += ["constraints.txt"]
    head = f"Serves {opened.ref}. Build it: buildah build -t NAME . (docker build -f {FILE} .)"
    brought = ["COPY wheels/ /build/wheels/"] if wheels else []
    return "\n".join(
        [
            f"# {head}",
            f"FROM {name} AS packages",
            "USER root",
            f"COPY {' '.join(copied)} /build/",
            *brought,
            f"RUN python3 -m pip install {' '.join(options)}",
            "",
            f"FROM {name}",
            "USER root",
            f"COPY --from=packages {home}/lib {home}/lib",
            f"COPY snapbook/ {home}/",
            f"RUN chmod 755 {image.PROGRAM}",
            f"COPY bundle/ {home}/bundle/",
            *(f'LABEL {key}="{value}"' for key, value in sorted(image.told_of(opened).items())),
            f"USER {image.USER}",
            f"EXPOSE {image.PORT}",
            "STOPSIGNAL SIGTERM",
            f"ENTRYPOINT {json.dumps(image.entrypoint(opened))}",
            "",
        ]
    )
