"""Frames: how tables of any library are hashed, profiled, stored, restored and compared."""

from snapbook.parts.frame.capture import Captured, capture
from snapbook.parts.frame.diff import diff
from snapbook.parts.frame.digest import FrameDigest, digest
from snapbook.parts.frame.restore import restore
from snapbook.parts.frame.summary import summary
from snapbook.parts.frame.table import is_frame

__all__ = [
    "Captured",
    "FrameDigest",
    "capture",
    "diff",
    "digest",
    "is_frame",
    "restore",
    "summary",
]
