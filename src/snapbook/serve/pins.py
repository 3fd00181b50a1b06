"""Lists of packages as a bundle has them: lines that are nothing but a name and a version.

They come from anywhere, so whatever else stands in one (an option, a URL, a path) is not seen.
"""

from __future__ import annotations

import re

_PIN = re.compile(r"([a-z0-9][a-z0-9.-]*)==([0-9A-Za-z][0-9A-Za-z.!+_-]*)")


def pins(text: str) -> dict[str, str]:
    """Name -> version of each line of a requirements file that is nothing but a pin."""
    found = (_PIN.fullmatch(line.strip()) for line in text.split("\n"))
    return {match[1]: match[2] for match in found if match}
