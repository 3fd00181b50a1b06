import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from snapbook.errors import NotRestorable
from snapbook.flavors import registry
from snapbook.flavors.modelish import looks_like_model, predicts


def in_new_process(script, *paths):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, paths), *sys.path])}
    run = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(run, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_finding_imports_no_framework():
    in_new_process("""
        import sys
        from snapbook.flavors import registry
        from snapbook.parts import model
        class Own:
            def fit(self): ...
            def predict(self): ...
        for thing in (3, "x", Own(), Own, {"a": Own()}, [Own()], len, {}, None, lambda: 1):
            registry.find(thing)
            model.is_model_like(thing)
        for name in ("sklearn", "torch", "xgboost", "lightgbm", "keras", "statsmodels", "numpy",
                     "pandas", "cloudpickle"):
            assert name not in sys.modules, name
    """)


def test_ours_are_found_without_an_installed_distribution():
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    assert registry.find(LinearRegression()).name == "sklearn"
    assert registry.find(make_pipeline(LinearRegression())).name == "sklearn"
    assert registry.find([LinearRegression()]).name == "collection"
    assert registry.find((LinearRegression(), 3)).name == "pickled"
    assert registry.find(LinearRegression).name == "pickled"


def test_every_file_that_has_a_flavor_is_found():
    """The table is the only place that names ours: a file that it forgets would never be asked."""
    folder = Path(registry.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if "\nflavor" in path.read_text("utf-8")}
    assert files == registry._OURS | {"pickled", "collection"}
    for name in files:
        assert registry.named(name).name == name


def test_subclasses_in_the_notebook_are_their_ancestors():
    import sklearn.linear_model

    torch = pytest.importorskip("torch")

    class Mine(sklearn.linear_model.LinearRegression):
        pass

    class Net(torch.nn.Module):
        pass

    Mine.__module__ = Net.__module__ = "__main__"
    assert registry.find(Mine()).name == "sklearn"
    assert registry.find(Net()).name == "torch"


def test_others_come_through_entry_points(tmp_path):
    (tmp_path / "otherml.py").write_text("class Model:\n    pass\n")
    (tmp_path / "otherml_snapbook.py").write_text(
        textwrap.dedent("""
        class Flavor:
            name = "otherml"
            def accepts(self, model):
                return True
        flavor = Flavor()
        """)
    )
    info = tmp_path / "otherml-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: otherml\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[snapbook.flavors]\notherml = otherml_snapbook:flavor\nbroken = nowhere:flavor\n"
    )
    in_new_process(
        """
        import sys
        from snapbook.errors import NotRestorable
        from snapbook.flavors import registry
        assert registry.find(3).name == "pickled"
        assert "otherml_snapbook" not in sys.modules
        import otherml
        assert registry.find(otherml.Model()).name == "otherml"
        assert registry.named("otherml") is sys.modules["otherml_snapbook"].flavor
        class Broken: pass
        Broken.__module__ = "broken.inside"
        assert registry.find(Broken()).name == "pickled"
        """,
        tmp_path,
    )


def test_an_absent_flavor_is_said():
    with pytest.raises(NotRestorable, match="nothere"):
        registry.named("nothere")


class LyingModule:
    __module__ = 7


class LyingClass:
    @property
    def __class__(self):
        raise RuntimeError


class Meta(type):
    @property
    def __module__(cls):
        raise ValueError

    def mro(cls):
        return super().mro()


class OfMeta(metaclass=Meta):
    pass


@pytest.mark.parametrize("kind", [LyingModule, LyingClass, OfMeta])
def test_hostile_classes_are_pickled_ones(kind):
    assert registry.find(kind()).name == "pickled"
    assert looks_like_model(kind()) is False


def test_what_looks_like_a_model():
    import pandas as pd
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import StandardScaler

    class Own:
        def fit(self, x): ...
        def predict(self, x): ...

    class Half:
        def predict(self, x): ...

    models = [LinearRegression(), StandardScaler(), Own()]
    others = [Half(), LinearRegression, Own, pd.DataFrame(), 3, "text", print, {}, [1]]
    assert all(map(looks_like_model, models))
    assert not any(map(looks_like_model, others))
    assert predicts(LinearRegression())
    assert predicts(Own())
    assert not predicts(StandardScaler())
