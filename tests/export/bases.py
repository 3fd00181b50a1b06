"""A base image made of the Python that runs the tests: its library, its programs, a shell."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from functools import partial
from importlib.metadata import distribution
from pathlib import Path

from snapbook import canonical
from snapbook.export import image, layout
from snapbook.export.artifact import artifact
from snapbook.export.files import File, whole
from snapbook.export.layer import blob, layer, pieces, tree

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_LEFT_OUT = re.compile(
    r"/(test|tests|idlelib|tkinter|turtledemo|__pycache__|site-packages|dist-packages|ensurepip"
    r"|config-[^/]*)(/|$)|\.a$"
)
LOADED = """
import bz2, ctypes, decimal, hashlib, lzma, sqlite3, ssl, uuid, zlib
for name in "stdc++.so.6 gcc_s.so.1 pthread.so.0 dl.so.2 rt.so.1 util.so.1 m.so.6".split():
    ctypes.CDLL(f"lib{name}")
print(*{line.split()[-1] for line in open("/proc/self/maps") if ".so" in line})
"""
_TOOLS = ("/bin/sh", "/usr/bin/env", "/bin/chmod")


def base():
    """An artifact: the smallest image in which `python3` and `sh` run."""
    program = Path(sys.executable).resolve()
    stdlib = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix}))
    found = {str(program): program, **{tool: shutil.which(Path(tool).name) for tool in _TOOLS}}
    for path in stdlib.rglob("*"):
        inner = f"/{path.relative_to(stdlib).as_posix()}"
        if path.is_file() and not _LEFT_OUT.search(inner):
            found[f"{stdlib}{inner}"] = path
    for library in linked([found[tool] for tool in _TOOLS]):
        found[library] = library
    found[f"/usr/local/bin/python{VERSION}"] = found["/usr/local/bin/python3"] = None
    script = f'#!/bin/sh\nexec {program} "$@"\n'.encode()
    files = [
        whole(name.lstrip("/"), script) if path is None
        else File(name.lstrip("/"), Path(path).stat().st_size, partial(pieces, Path(path)))
        for name, path in found.items()
    ]  # fmt: skip
    files.append(whole("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"))
    files += tree(Path(str(distribution("pip").locate_file("pip"))), "opt/tools/pip")
    lowest = layer(files, frozenset(name.lstrip("/") for name in found))
    machine = {"x86_64": "amd64", "aarch64": "arm64"}
    config = {
        "os": "linux",
        "architecture": machine[sysconfig.get_platform().partition("-")[2].replace("-", "_")],
        "config": {
            "Env": [
                "PATH=/usr/local/bin:/bin",
                "PYTHONPATH=/opt/tools",
                "PIP_NO_COMPILE=1",  # what takes longest of all
                f"PYTHON_VERSION={sys.version.split()[0]}",
            ],
            "Cmd": ["python3"],
        },
        "rootfs": {"type": "layers", "diff_ids": [lowest.digest]},
    }
    return artifact(blob(image.CONFIG, canonical.encode(config)), (lowest,), {})


def linked(tools):
    """The libraries that the Python has loaded that has all loaded that wheels may want, and those
    of the tools.
    """
    program = Path(sys.executable).resolve()
    ran = subprocess.run([program, "-I", "-c", LOADED], capture_output=True, text=True, check=True)
    tried = subprocess.run(["ldd", *tools], capture_output=True, text=True, check=True)
    told = re.findall(r"(?:=> |^\s+)(/\S+) \(0x", tried.stdout, re.MULTILINE)
    found = {Path(one) for one in [*told, *ran.stdout.split()] if ".so" in Path(one).name}
    near = {
        name for one in found for name in one.parent.glob(f"{one.name.partition('.so')[0]}.so*")
    }
    real = {one.resolve() for one in found}  # which are also looked for by their links' names
    return sorted(str(one) for one in found | {name for name in near if name.resolve() in real})


def write(folder):
    """The base as a layout in ``folder``."""
    folder.mkdir()
    layout.write(base(), "base", folder, packed=False, done=lambda _: None)
    return folder
