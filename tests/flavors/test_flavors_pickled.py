import json
import os
import pickle
import subprocess
import sys
import textwrap
import threading

import joblib
import numpy as np
import pytest

from snapbook.errors import Damaged, NotKept
from snapbook.flavors import pickled, pickler
from snapbook.store.memory import MemoryStore


def keep(model, store=None):
    store = store or MemoryStore()
    writer = store.writer()
    encoded = pickled.keep(model, writer)
    writer.commit()
    return encoded, store, writer.new_bytes


def back(encoded, store):
    return pickled.fetch(encoded.layout, encoded.blobs, store.get)


def forest(trees):
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    X, y = make_classification(1000, 10, random_state=0)
    return RandomForestClassifier(trees, random_state=0, warm_start=True).fit(X, y), X, y


def test_a_forest_comes_back_and_can_be_trained_on():
    model, X, y = forest(10)
    encoded, store, _ = keep(model)
    found = back(encoded, store)
    assert (found.predict_proba(X) == model.predict_proba(X)).all()
    assert encoded.imports == pickled.imports(encoded.layout, encoded.blobs, store.get)
    found.set_params(n_estimators=11).fit(X, y)
    assert len(found.estimators_) == 11


def test_one_more_tree_costs_about_one_tree():
    model, X, y = forest(40)
    store = MemoryStore()
    _, _, first = keep(model, store)
    model.set_params(n_estimators=41).fit(X, y)
    _, _, second = keep(model, store)
    assert second < first / 40 * 2 + 40_000


def test_a_restored_model_saved_again_costs_nothing_but_its_stream():
    model, _, _ = forest(5)
    encoded, store, _ = keep(model)
    again, _, _ = keep(back(encoded, store), store)
    assert again.digest == encoded.digest
    assert set(again.blobs[again.layout["pieces"] :]) == set(
        encoded.blobs[encoded.layout["pieces"] :]
    )


def test_arrays_come_back_writable():
    encoded, store, _ = keep({"large": np.zeros(10_000), "small": np.zeros(10)})
    found = back(encoded, store)
    found["large"][0] = found["small"][0] = 1


def test_large_buffers_are_blobs_of_their_own():
    large = np.arange(512.0)
    encoded, store, _ = keep([large, np.arange(511.0)])
    assert encoded.layout["pieces"] == len(encoded.blobs) - 1
    assert store.get(encoded.blobs[-1]) == large.tobytes()
    assert encoded.stored_bytes == sum(len(store.get(blob)) for blob in encoded.blobs)


def test_the_plain_pickle_loads_anywhere(tmp_path):
    model, X, _ = forest(3)
    encoded, store, _ = keep(model)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickled.plain_pickle(encoded.layout, encoded.blobs, store.get))
    for found in (joblib.load(path), pickle.loads(path.read_bytes())):
        assert (found.predict(X) == model.predict(X)).all()


NOTEBOOK = """
    import enum, json, sys
    import numpy as np
    from snapbook.flavors import pickled
    from snapbook.store.memory import MemoryStore

    offset = 10

    class Kind(enum.Enum):
        ADD = 1

    class Base:
        def fit(self, X):
            self.mean_ = np.mean(X)
            self.kind = Kind.ADD
            return self

    class Own(Base):
        def predict(self, X):
            return [float(x + self.mean_ + offset) for x in X]

    def twice(x):
        return 2 * x + offset

    model = {"own": Own().fit([1, 2, 3]), "function": twice, "class": Own, "name": lambda x: -x}
    store = MemoryStore()
    writer = store.writer()
    encoded = pickled.keep(model, writer)
    writer.commit()
    json.dump({
        "layout": dict(encoded.layout),
        "digest": encoded.digest,
        "blobs": [store.get(blob).hex() for blob in encoded.blobs],
    }, sys.stdout)
    offset = 0
    live = Own.predict
    same = pickled.fetch(encoded.layout, encoded.blobs, store.get)
    assert Own.predict is live and same["own"].predict([1]) == [13.0]
"""


def test_what_a_notebook_defined_is_restored_in_another_kernel():
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = [sys.executable, "-c", textwrap.dedent(NOTEBOOK)]
    first = subprocess.run(run, env=env, check=True, capture_output=True, text=True).stdout
    kept = json.loads(first)
    blobs = [bytes.fromhex(blob) for blob in kept["blobs"]]
    assert kept["layout"]["by_value"] is True
    found = pickled.fetch(
        kept["layout"], tuple("0123")[: len(blobs)], lambda number: blobs[int(number)]
    )
    assert found["own"].predict([1]) == [13.0]
    assert found["function"](1) == 12
    assert found["class"]().fit([0]).predict([1]) == [11.0]
    assert found["name"](1) == -1
    second = subprocess.run(run, env=env, check=True, capture_output=True, text=True).stdout
    assert json.loads(second)["digest"] == kept["digest"]


def test_same_value_twice_is_the_same_bytes():
    def local(x):
        return x

    assert keep(local)[0].blobs == keep(local)[0].blobs


@pytest.mark.parametrize(
    "layout",
    [{}, {"format": "pickle5"}, {"format": "pickle5", "pieces": 2}, {"format": "x", "pieces": 1}],
)
def test_a_senseless_layout_is_damaged(layout):
    with pytest.raises(Damaged):
        pickled.fetch(layout, ("00",), lambda _: b"")


def test_digest_falls_back_to_the_stored_bytes():
    class Odd:
        calls = 0

        def __reduce__(self):
            type(self).calls += 1
            if type(self).calls % 2 == 0:
                raise ValueError("only every other time")
            return int, (3,)

    encoded, store, _ = keep([Odd()])
    assert encoded.canonical is False
    assert back(encoded, store) == [3]
    Odd.calls = 0
    assert keep([Odd()])[0].digest == encoded.digest


class Holder:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Raising:
    def __init__(self, error):
        self.error = error

    def __reduce_ex__(self, protocol):
        raise self.error


class BadState:
    def __getstate__(self):
        raise ValueError("no state today")


class Nonsense:
    def __reduce__(self):
        return 17


class Nested:
    def __reduce__(self):
        return Nested, (Nested(),)


class Endless:
    def __reduce__(self):
        return list, (), None, iter(int, 1)


class Lying:
    __class__ = property(lambda self: int)


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("not even this")


class Fatal(BaseException):
    pass


def endless_generator():
    yield 1


def _file(tmp_path):
    return (tmp_path / "log.txt").open("w")


@pytest.mark.parametrize(
    ("make", "path", "words"),
    [
        (lambda: Raising(RuntimeError("broken")), "", "RuntimeError: broken"),
        (lambda: Raising(Fatal("stop")), "", "Fatal: stop"),
        (lambda: Raising(SystemExit(3)), "", "SystemExit: 3"),
        (lambda: Raising(Mute()), "", "Mute"),
        (lambda: Holder(a=Holder(b=[0, BadState()])), "a.b[1]", "no state today"),
        (Nonsense, "", "__reduce__ must return"),
        (Nested, "", "nested without end"),
        (Lying, "", ""),
        (lambda: Holder(lock=threading.Lock()), "lock", "a lock"),
        (lambda: Holder(steps={"run": endless_generator()}), "steps['run']", "a running generator"),
        (lambda: Holder(seen={threading.RLock()}), "seen{...}", "a lock"),
    ],
)
def test_what_does_not_pickle_is_named(make, path, words):
    with pytest.raises(NotKept) as caught:
        keep(make())
    error = caught.value
    assert error.kind == "not-kept"
    assert words in str(error)
    assert (f"its {path} is" in str(error)) == bool(path)
    assert "\n" not in str(error)


def test_open_files_and_sockets_are_named(tmp_path):
    import socket

    for kind in ("w", "rb", "r"):
        (tmp_path / "log.txt").touch()
        with (tmp_path / "log.txt").open(kind) as file, pytest.raises(NotKept) as caught:
            keep(Holder(log=file))
        assert str(caught.value) == "The Holder cannot be kept: its log is an open file."
    with socket.socket() as open_socket, pytest.raises(NotKept, match="its s is an open socket"):
        keep(Holder(s=open_socket))


def test_modules_are_kept_by_name():
    encoded, store, _ = keep(Holder(library=json))
    assert back(encoded, store).library is json
    assert "json:" in encoded.imports


def test_endless_pickles_are_stopped(monkeypatch):
    monkeypatch.setattr(pickler, "_LONGEST", 1 << 20)
    with pytest.raises(NotKept, match="no end"):
        keep(Endless())


def test_interrupt_passes():
    with pytest.raises(KeyboardInterrupt):
        keep(Raising(KeyboardInterrupt()))


def test_saving_from_inside_a_save():
    class Inner:
        def __reduce__(self):
            keep([1, 2, 3])
            return list, ((1,),)

    encoded, store, _ = keep(Inner())
    assert back(encoded, store) == [1]


def test_a_large_graph_of_plain_objects():
    model = {str(number): [number, str(number)] for number in range(50_000)}
    encoded, store, _ = keep(model)
    assert back(encoded, store) == model
    assert encoded.canonical
