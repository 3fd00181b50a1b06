"""Packages that are made here and found in a folder: uv and pip are real without a network."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import zipfile

import leaving

from snapbook import verbs
from snapbook.serve import recipe


def wheel(folder, name, version, requires=(), text="", tag="py3-none-any"):
    """A wheel of one module."""
    told = f"{name}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    files = {
        f"{name}.py": text or f"VERSION = {version!r}\n",
        f"{told}/METADATA": "\n".join([*lines, *(f"Requires-Dist: {one}" for one in requires), ""]),
        f"{told}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = []
    for path, data in files.items():
        found = base64.urlsafe_b64encode(hashlib.sha256(data.encode()).digest()).rstrip(b"=")
        record.append(f"{path},sha256={found.decode()},{len(data)}")
    files[f"{told}/RECORD"] = "\n".join([*record, f"{told}/RECORD,,", ""])
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, data in files.items():
            archive.writestr(zipfile.ZipInfo(inner), data)
    return path


PLAIN = """
class Plain:
    def predict(self, rows):
        return [int(age > 50) for age in rows["age"]]
"""


# What is imported before anything is served.
TEXTS = {
    "blake3": "import hashlib\n\n\ndef blake3(data=b'', **_):\n    return hashlib.sha256(data)\n"
}


def stock(shop):
    """The packages that serving needs, as little ones that pretend to be them."""
    names = {}
    for name in recipe.SERVING:
        plain = name.replace("-", "_")
        try:
            names[name] = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            names[name] = "1.0"
        wheel(shop, plain, names[name], text=TEXTS.get(name, ""))
    return names


def exported(project, shop, **more):
    """What came of an export of a model that needs these packages and no others."""
    rows, _ = leaving.numbers()
    space = {"__name__": "__main__"}
    exec(PLAIN, space)
    leaving.save(project, space["Plain"](), {"X": (rows, "train")}, packages=stock(shop),
                 key=leaving.own_key())  # fmt: skip
    return verbs.export("churn", no_sample=True, **more)
