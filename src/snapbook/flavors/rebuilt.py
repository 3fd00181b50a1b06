"""What a pickle that nobody is trusted for may make: estimators, their trees, and arrays.

Each is made here, by what was looked at, and not by the function that the stream names: so a name
is a word and nothing that is called. Arrays are made in `arrays`, sources of chance in `chance`,
trees over points in `neighbours`; `restricted` follows the stream, `looked` what came of it.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

from snapbook.flavors import arrays, boosted, chance, drawn, neighbours, searched
from snapbook.flavors.allowed import BUNCH, CLASSES, COMPILED, FORESTS, TREE, TYPES
from snapbook.flavors.arrays import Dtype, Name, NotAllowed

_NAME = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]{0,127}")
_ABSENT = object()
_MULTINOMIAL = "sklearn._loss._loss:CyHalfMultinomialLoss"
_MADE = CLASSES | {BUNCH, boosted.PREDICTOR, boosted.BINS}


def named(text: str) -> Any:
    """What a name stands for at once: a type of numbers, else the word."""
    if text in TYPES:
        import numpy

        return getattr(numpy, text.partition(":")[2])
    return Name(text)


def called(function: Any, args: Any) -> Any:
    """What the stream wants of ``function`` (REDUCE). Raises NotAllowed."""
    if type(function) is not Name or type(args) is not tuple:
        raise NotAllowed("it calls what is no function")
    if function.text == TREE:
        return _tree(args)
    if (make := arrays.maker(function.text) or chance.maker(function.text)) is not None:
        return make(args)
    for room in (neighbours, drawn):
        if (new := room.called(function.text, args)) is not None:
            return new
    if function.text in COMPILED and all(type(arg) in (int, float) for arg in args):
        return _class(function.text)(*args)
    if function.text == _MULTINOMIAL.replace(":", ":__pyx_unpickle_"):
        return _class(_MULTINOMIAL)()  # it has nothing beside its class
    raise NotAllowed(f"it calls {function.text.replace(':', '.')}")


def made(cls: Any, args: Any) -> Any:
    """A new object of ``cls`` (NEWOBJ), whose state comes later. Raises NotAllowed."""
    if type(cls) is Name and cls.text in searched.SCORERS:
        return searched.Scorer()
    if type(cls) is not Name or (cls.text not in _MADE and not drawn.knows(cls.text)):
        shown = cls.text.replace(":", ".") if type(cls) is Name else "what is no class"
        raise NotAllowed(f"it makes {shown}")
    if args != ():
        raise NotAllowed(f"it gives {cls.text} what that does not take")
    if (new := drawn.made(cls.text)) is not None:
        return new
    kind = _class(cls.text)
    return kind.__new__(kind)


def given(target: Any, state: Any) -> Any:
    """``target`` with its state (BUILD). Raises NotAllowed."""
    kind = type(target)
    for room in (arrays, chance, neighbours, drawn):
        if (found := room.given(target, state)) is not None:
            return found
    text = f"{kind.__module__}:{kind.__qualname__}"
    if text == TREE:
        _check_tree(target, state)
        target.__setstate__(state)
        return target
    if text == BUNCH or kind is searched.Scorer or (text in COMPILED and not state):
        return target  # what they hold was said already
    if text == boosted.PREDICTOR:
        return boosted.predictor_given(target, state)
    if text in CLASSES or text == boosted.BINS:
        return _object_given(target, state)
    raise NotAllowed("it gives a state to what takes none")


def _class(text: str) -> Any:
    module, _, name = text.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError):
        raise NotAllowed(f"{text.replace(':', '.')} is not in this environment") from None


def _object_given(target: Any, state: Any) -> Any:
    """An estimator with its attributes, none of which stands before what its class says."""
    cls = type(target)
    if type(state) is not dict:
        raise NotAllowed(f"the state of its {cls.__name__} is no table")
    for name, value in state.items():
        if type(name) is not str or not _NAME.fullmatch(name):
            raise NotAllowed(f"its {cls.__name__} has an attribute that is no name")
        if inspect.getattr_static(cls, name, _ABSENT) is not _ABSENT:
            # A method, or what its page in a notebook is made of.
            raise NotAllowed(f"its {cls.__name__}.{name} stands before the class's own")
        if name == "memory" and value is not None:
            # joblib would unpickle what lies in that folder.
            raise NotAllowed(f"its {cls.__name__} keeps results in a folder")
        if name == "warm_start" and value is not False and cls.__module__ not in FORESTS:
            # Compiled code would go on with what is kept, and believe its sizes.
            raise NotAllowed(f"its {cls.__name__} is to be trained on from what it keeps")
    state = {name: value.dtype if type(value) is Dtype else value for name, value in state.items()}
    if f"{cls.__module__}:{cls.__qualname__}" in searched.CLASSES:
        state = searched.prepared(state)
    own = getattr(cls, "__setstate__", None)
    if own is not None:
        if own is not _base_setstate():
            raise NotAllowed(f"{cls.__name__} takes its state in a way of its own")
        target.__setstate__(state)  # says when it was another release
        return target
    vars(target).update(state)
    return target


def _base_setstate() -> Any:
    from sklearn.base import BaseEstimator

    return BaseEstimator.__setstate__


def _tree(args: tuple[Any, ...]) -> Any:
    import numpy

    if len(args) != 3 or type(args[0]) is not int or type(args[2]) is not int:
        raise NotAllowed("a tree in it is none")
    features, classes, outputs = args
    sound = (
        type(classes) is numpy.ndarray
        and classes.dtype.kind == "i"
        and 0 < outputs <= 1000
        and classes.shape == (outputs,)
        and 0 < features < 1 << 31
        and bool((classes > 0).all() and (classes < 1 << 24).all())
    )
    if not sound:
        raise NotAllowed("a tree in it is none")
    return _class(TREE)(features, classes.astype(numpy.intp), outputs)


def _check_tree(tree: Any, state: Any) -> None:
    """Every index that compiled code will follow: its children come after a node, and are there."""
    import numpy

    nodes = state.get("nodes") if type(state) is dict else None
    if type(nodes) is not numpy.ndarray or nodes.ndim != 1 or not len(nodes):
        raise NotAllowed("a tree in it is none")
    names = nodes.dtype.names or ()
    if not {"left_child", "right_child", "feature"} <= set(names) or tree.node_count:
        raise NotAllowed("a tree in it is none")
    count, places = len(nodes), numpy.arange(len(nodes))
    left, right, feature = (nodes[name] for name in ("left_child", "right_child", "feature"))
    inner = left != -1
    sound = (
        state.get("node_count") == count
        and type(state.get("max_depth")) is int
        and state["max_depth"] < count
        and bool(((left > places) & (left < count))[inner].all())
        and bool(((right > places) & (right < count))[inner].all())
        and bool(((feature >= 0) & (feature < tree.n_features))[inner].all())
        and bool((right[~inner] == -1).all())
    )
    if not sound:
        raise NotAllowed("a tree in it points to what is not there")
    if _is_deeper(left, right, state["max_depth"]):
        raise NotAllowed("a tree in it is deeper than it says")


def _is_deeper(left: Any, right: Any, depth: int) -> bool:
    """Whether a way from the root is longer than ``depth``, which paths get room for."""
    import numpy

    level = numpy.zeros(1, left.dtype)
    for _ in range(depth + 1):
        inner = level[left[level] != -1]
        if not len(inner):
            return False
        level = numpy.unique(numpy.concatenate((left[inner], right[inner])))
    return True
