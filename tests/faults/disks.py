"""Disks of a test's own: ext4 images that can lose their power, and small ones that fill up."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Nothing reaches the disk unasked for five minutes, in no order, and no rename is helped along:
# what ext4 does for programs that forget to sync must not make them pass here.
OPTIONS = "loop,commit=300,data=writeback,noauto_da_alloc"


def _done(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True)


def _leave(place: Path) -> None:
    gc.collect()  # a repository closes its files with its last user
    # A test that failed holds some still: the disk then goes with the process.
    if subprocess.run(["umount", place], capture_output=True, check=False).returncode:
        _done("umount", "-l", place)


def new_image(path: Path, size_mb: int = 24) -> Path:
    """An image with an empty file system."""
    with open(path, "wb") as file:
        file.truncate(size_mb << 20)
    _done("mkfs.ext4", "-q", "-F", "-J", "size=4", "-E", "lazy_itable_init=0", path)
    return path


def copy(image: Path, target: Path) -> Path:
    """The image as it is at this moment: what a disk holds when its power is cut."""
    _done("cp", "--sparse=always", image, target)
    return target


@contextmanager
def mounted(image: Path, options: str = OPTIONS) -> Iterator[Path]:
    """The image's files; mounting replays its journal."""
    place = image.with_suffix(".mnt")
    place.mkdir(exist_ok=True)
    _done("mount", "-o", options, image, place)
    try:
        yield place
    finally:
        _leave(place)


@contextmanager
def small(place: Path, size_kb: int) -> Iterator[Path]:
    """A disk in memory that is soon full."""
    place.mkdir()
    _done("mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", place)
    try:
        yield place
    finally:
        _leave(place)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder as a read-only mount of itself: root too may not write."""
    _done("mount", "--bind", folder, folder)
    try:
        _done("mount", "-o", "remount,ro,bind", folder)
        yield
    finally:
        _leave(folder)


@contextmanager
def immutable(folder: Path) -> Iterator[None]:
    """The folder's names cannot change (chattr +i), though the disk can be written."""
    _done("chattr", "+i", folder)
    try:
        yield
    finally:
        _done("chattr", "-i", folder)


def why_not(folder: Path) -> str:
    """Why no image can be mounted here; "" if it can."""
    if sys.platform != "linux":
        return "mounting is for Linux"
    if os.geteuid():
        return "mounting needs root"
    if shutil.which("mkfs.ext4") is None:
        return "mkfs.ext4 is not installed"
    try:
        with mounted(new_image(folder / "try.img", 16)):
            return ""
    except subprocess.CalledProcessError as error:
        return f"images cannot be mounted here ({error.stderr.strip()[:100]})"
