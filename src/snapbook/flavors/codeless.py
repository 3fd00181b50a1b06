"""Which stored forms are loaded without executing code: told from flavor and form alone.

A version says so of itself, too, and whoever made it may say what he likes; a reader that believed
it would unpickle a stranger's bytes. So both have to say it, and everything else needs trust.
"""

from __future__ import annotations

from collections.abc import Mapping

from snapbook.canonical import Json

# A tuple: what is compared with it may be no text, and have no hash.
_CODELESS = (
    ("xgboost", "xgboost-ubj"), ("lightgbm", "lightgbm-text"), ("torch", "torch-state"),
    ("onnx", "onnx-file"), ("skops", "skops-file"),
)  # fmt: skip


def executes(facts: Mapping[str, Json]) -> bool:
    """Whether loading the model with these facts can run code that came with it."""
    layout = facts.get("layout")
    form = layout.get("format") if isinstance(layout, Mapping) else None
    return facts.get("executes") is not False or (facts.get("flavor"), form) not in _CODELESS
