"""A model of a few lines, for tests of faces: no library needed, fitted in no time."""

from __future__ import annotations

MODEL = """
class Stump:
    def __init__(self, depth=1):
        self.depth = depth
    def fit(self, X, y=None):
        self.seen_ = sum(X) / len(X)
        return self
    def predict(self, X):
        return [self.seen_ + self.depth for _ in X]
    def score(self, X, y=None):
        return min(0.999, 0.9 + self.depth / 100)
    def get_params(self, deep=True):
        return {"depth": self.depth}
X = [1.0, 2.0, 3.0]
"""


def fit(depth: int = 1, name: str = "churn", options: str = "", variable: str = "model") -> str:
    """A versioned cell."""
    return (
        f"%%version_model {name} {options}\n"
        f"{variable} = Stump(depth={depth}).fit(X)\n"
        f"accuracy = {variable}.score(X)"
    )
