"""What the environment of a bundle is made of."""

from dataclasses import dataclass, field

from snapbook.serve import environment, recipe

HASH = "--hash=sha256:" + "ab" * 32


@dataclass
class Listed:
    """A bundle as far as its lists of packages go."""

    texts: dict
    facts: dict = field(init=False)

    def __post_init__(self):
        self.facts = {"files": dict.fromkeys(self.texts), "python": "3.11"}

    def read(self, name):
        return self.texts[name].encode()


def test_training_that_imports_this_package_needs_none_of_an_index():
    # An environment finds the very package that made it; this version may be on no index.
    needed = "numpy==2.4.6\nsnapbook==0.0.1\n"
    texts = {"environment/needed.txt": needed, "environment/requirements.txt": needed}
    found = recipe.recipe(Listed(texts), ())
    assert (found.needed, found.locked) == ({"numpy": "2.4.6"}, {"numpy": "2.4.6"})
    locked = f"numpy==2.4.6 {HASH}\nsnapbook==0.0.1 {HASH}\n"
    found = recipe.recipe(Listed(texts | {recipe.LOCK: locked}), ())
    assert (found.needed, set(found.hashes)) == ({"numpy": "2.4.6"}, {"numpy"})
    assert not any("snapbook" in one for one in environment.misfits(Listed(texts)))
