"""What a served model needs beside itself, made by hand; and a server of it in a thread."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass
class Plate:
    """A bundle as far as a server looks at it, and the model that was in it."""

    model: Any
    signature: dict
    sample: dict | None = None
    profile: dict = field(default_factory=dict)
    facts: dict = field(
        default_factory=lambda: {"model": "churn", "number": "1.4.0", "manifest": "ab" * 32}
    )


def inputs(frame, **nullable):
    """The inputs of a frame, as a bundle's signature tells them."""
    told = []
    for name, dtype in frame.dtypes.items():
        one = {"name": name, "type": str(dtype), "nullable": nullable.get(name, False)}
        if str(dtype) == "category":
            one["categories"] = frame[name].cat.categories.tolist()
        told.append(one)
    return told


@cache
def numbers():
    """A forest over four numbers: three classes, rows independent."""
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    x, y = load_iris(return_X_y=True, as_frame=True)
    x.columns = ["a", "b", "c", "d"]
    names = y.map({0: "setosa", 1: "versicolor", 2: "virginica"}).astype(object)
    model = RandomForestClassifier(10, max_depth=4, random_state=0).fit(x, names)
    rows = x.iloc[::10].to_dict("records")
    sample = {"rows": rows, "answers": model.predict(x.iloc[::10]).tolist(), "tolerance": 1e-4}
    outputs = {"fields": [{"name": "class", "values": list(model.classes_), "count": 3}]}
    told = {"inputs": inputs(x), "container": "table", "outputs": outputs}
    return Plate(
        model, told | {"rows_independent": True, "probabilities_independent": True}, sample
    )


@cache
def mixed():
    """A pipeline over columns of every kind, to an amount."""
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder
    from sklearn.tree import DecisionTreeRegressor

    frame = pd.DataFrame(
        {
            "age": pd.Series([20, 30, 40, 50] * 5, dtype="int8"),
            "pay": pd.Series([1.5, None, 2.5, 3.5] * 5, dtype="float32"),
            "member": [True, False] * 10,
            "city": pd.Series(["Bern", "Graz", "Linz", "Bern"] * 5, dtype="str"),
            "kind": pd.Categorical(["x", "y", "x", "y"] * 5, categories=["x", "y"]),
            "count": pd.Series([1, None, 3, 4] * 5, dtype="Int64"),
        }
    )
    encoder = make_column_transformer(
        (OneHotEncoder(), ["kind"]),
        (OneHotEncoder(handle_unknown="ignore"), ["city"]),
        (SimpleImputer(), ["count"]),
        ("passthrough", ["age", "pay", "member"]),
    )
    model = make_pipeline(encoder, DecisionTreeRegressor(random_state=0))
    model.fit(frame, [float(n) for n in range(20)])
    told = {
        "inputs": inputs(frame, pay=True, count=True, city=True),
        "container": "table",
        "outputs": {"fields": [{"name": "prediction", "type": "float64"}]},
        "rows_independent": True,
    }
    return Plate(model, told)


ROW = {"a": 5.1, "b": 3.5, "c": 1.4, "d": 0.2}
MIXED = {"age": 20, "pay": 1.5, "member": True, "city": "Bern", "kind": "x", "count": 1}


class Answering:
    """A server in a thread of this process."""

    def __init__(self, plate, model=None, tokens=(), linger_s=0.0, noting=None, **limits):
        from snapbook.listening import listen
        from snapbook.serve.app import App
        from snapbook.serve.limits import Limits
        from snapbook.serve.running import Server
        from snapbook.serve.service import Service
        from snapbook.serve.tokens import Tokens

        self.service = Service(
            plate, model or plate.model, Limits(**limits), Tokens(tokens), noting=noting
        )
        self._listening = listen("127.0.0.1", 0)
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.server = Server(App(self.service), self.service, linger_s)
        self._thread = threading.Thread(
            target=lambda: self.server.run(sockets=[self._listening]), daemon=True
        )
        self._thread.start()
        until = time.monotonic() + 30
        while not self.server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)

    def stop(self):
        self.server.should_exit = True
        self._thread.join(30)
        self._listening.close()
