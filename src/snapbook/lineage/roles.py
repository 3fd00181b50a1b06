"""What the names of a cell are for: training data, test data, metrics, models.

Told from calls alone (``fit``, ``score``, the metric functions of the field), so that the data of a
version get their roles without anybody saying so. Knows source text; never sees an object.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from snapbook.lineage import values, words
from snapbook.lineage.syntax import plain

_FITS = words.word_set("fit fit_transform partial_fit fit_predict fit_resample train_on_batch")
_TRAINS = frozenset({"train", "cv"})  # xgboost.train(params, data)
_CROSS = frozenset({"cross_val_score", "cross_validate", "cross_val_predict", "learning_curve"})
_TESTS = words.word_set(
    "score predict predict_proba predict_log_proba decision_function evaluate score_samples "
    "inplace_predict test_on_batch"
)
_METRICS = words.word_set(
    "accuracy auc f1 precision recall r2 rmse mae mape mse logloss log_loss roc_auc ndcg "
    "brier kappa mcc iou bleu rouge perplexity matthews_corrcoef cohen_kappa silhouette "
    "concordance_index classification_report gini ks cross_entropy binary_cross_entropy "
    "nll_loss l1_loss"
)
_METRIC_ENDS = ("_score", "_error", "_loss", "_accuracy", "_auc", "_deviance", "_rmse", "_mae")
_FITTED_BY = frozenset({"train", "fit_regularized"})  # module.train(...) gives a model
_SEARCHED = frozenset({"best_estimator_", "best_model", "booster_"})
_TRAIN_WORDS = frozenset({"dtrain", "train_set", "X_train", "y_train", "train_data", "X", "y"})
_TEST_WORDS = frozenset({"evals", "eval_set", "valid_sets", "validation_data", "X_test", "y_test"})
_NO_DATA = frozenset({"sample_weight", "callbacks", "verbose", "params", "epochs", "batch_size"})


@dataclass(frozen=True, slots=True)
class Roles:
    """What a cell's names are for. Names stand in the order of their first use.

    ``train`` and ``test`` are data (a name may be both); ``metrics`` are names bound from ``score``
    or a metric function; ``models`` names bound to what plausibly is a model, ``fitted`` those of
    them that the cell fits, ``fits`` the objects that ``fit`` was called on. ``last`` is the name
    that the cell's last expression gives, or empty; ``scored`` (metric, its data) pairs.
    """

    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    fitted: tuple[str, ...] = ()
    last: str = ""
    scored: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(slots=True)
class _Found:
    train: dict[str, None] = field(default_factory=dict)
    test: dict[str, None] = field(default_factory=dict)
    metrics: dict[str, None] = field(default_factory=dict)
    models: dict[str, None] = field(default_factory=dict)
    fitted: dict[str, None] = field(default_factory=dict)
    scored: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    made_from: dict[str, tuple[str, ...]] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def roles(source: str) -> Roles:
    """The roles of a cell's names; empty where it does not parse. Never raises."""
    tree = plain(source).tree
    if tree is None:
        return Roles()
    found = _Found()
    try:
        for statement in tree.body:
            _statement(statement, found)
        last = _last(tree)
    except RecursionError:
        return Roles()
    return Roles(
        tuple(found.train),
        tuple(found.test),
        tuple(found.metrics),
        tuple(found.models),
        tuple(found.fitted),
        last,
        tuple(found.scored),
    )


def metric_call(node: ast.expr) -> bool:
    """Whether ``node`` is a call of ``score``, ``evaluate`` or a metric function."""
    if isinstance(node, ast.Await):
        return metric_call(node.value)
    if not isinstance(node, ast.Call):
        return _metric_inside(node)
    name = values.dotted(node.func).rpartition(".")[2]
    if name in ("score", "evaluate") and isinstance(node.func, ast.Attribute):
        return True
    if metric_name(name):
        return True
    # Also what wraps one: float(score), round(score, 3), scores.mean(), np.sqrt(error).
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    wrapped = node.args[:1] if name in ("float", "round", "sqrt", "abs", "mean", "std") else []
    return any(metric_call(item) for item in (inner, *wrapped) if item is not None)


def metric_name(name: str) -> bool:
    """Whether ``name`` is one of a metric function."""
    name = name.lower()
    return name in _METRICS or name.endswith(_METRIC_ENDS)


def _metric_inside(node: ast.expr) -> bool:
    """Arithmetic on metrics is one: 1 - loss(...), -score(...), score(...) * 100."""
    if isinstance(node, ast.BinOp):
        return metric_call(node.left) or metric_call(node.right)
    if isinstance(node, ast.UnaryOp):
        return metric_call(node.operand)
    if isinstance(node, ast.Attribute):
        return node.attr.endswith("_score_") or metric_call(node.value)
    return isinstance(node, ast.Subscript) and metric_call(node.value)


def _statement(node: ast.stmt, found: _Found) -> None:
    """Bindings of one statement, after the calls in it; bodies of functions are not run here."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            _calls(child, found)
        elif isinstance(child, ast.withitem):
            _calls(child.context_expr, found)
    for target, value in _bindings(node):
        _binding(target, value, found)
    for part in ("body", "orelse", "finalbody"):
        for inner in getattr(node, part, ()):
            _statement(inner, found)
    for block in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        for inner in block.body:
            _statement(inner, found)


def _calls(node: ast.expr, found: _Found) -> None:
    for inner in _postorder(node):
        if isinstance(inner, ast.Call):
            _call(inner, found)
        elif isinstance(inner, ast.NamedExpr) and isinstance(inner.target, ast.Name):
            _binding(inner.target.id, inner.value, found)


def _postorder(node: ast.AST) -> Iterator[ast.AST]:
    """Inner calls first, as they run."""
    for child in ast.iter_child_nodes(node):
        yield from _postorder(child)
    yield node


def _call(node: ast.Call, found: _Found) -> None:
    name = values.dotted(node.func).rpartition(".")[2]
    if isinstance(node.func, ast.Attribute):
        owner = values.path(node.func.value)[0]
        if name in _FITS:
            _note(found, found.train, node, first=2)
            if owner:
                found.fitted[owner] = None
            return
        if name in _TESTS:
            _note(found, found.test, node, first=2)
            return
    if name in _CROSS or (name in _TRAINS and isinstance(node.func, ast.Attribute)):
        _note(found, found.train, node, first=3, skip=1)  # after the model or its settings
    elif metric_name(name):
        _note(found, found.test, node, first=2)


def _note(found: _Found, role: dict[str, None], node: ast.Call, first: int, skip: int = 0) -> None:
    """The data among the call's arguments; settings and the model itself are none."""
    for argument in node.args[skip:first]:
        for name in _data_names(argument, found):
            role[name] = None
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in _NO_DATA:
            continue
        named = found.test if keyword.arg in _TEST_WORDS else role
        if named is not role or keyword.arg in _TRAIN_WORDS or _like_data(keyword.arg):
            for name in _data_names(keyword.value, found):
                named[name] = None


def _like_data(word: str) -> bool:
    word = word.lower()
    return word in ("x", "y", "data", "y_true", "y_pred", "y_score", "labels", "endog", "exog")


def _data_names(node: ast.expr, found: _Found) -> Iterator[str]:
    """The base names of an argument: X_train[cols], y.values, [(X, y)], scaler.transform(X)."""
    if isinstance(node, (ast.Tuple, ast.List)):
        for item in node.elts:
            yield from _data_names(item, found)
    elif isinstance(node, ast.Call):
        # The data are what goes in, and for df.drop(...) also what it is called on.
        for item in (*node.args, *(keyword.value for keyword in node.keywords)):
            yield from _data_names(item, found)
        if isinstance(node.func, ast.Attribute):
            owner, _ = values.path(node.func.value)
            model = node.func.attr in _TESTS | _FITS | {"transform", "inverse_transform"}
            if isinstance(node.func.value, ast.Call) and not model:
                yield from _data_names(node.func.value, found)
            elif owner and not model and not _module_like(owner):
                yield owner
    elif isinstance(node, (ast.BinOp, ast.Compare)):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _data_names(child, found)
    elif isinstance(node, (ast.UnaryOp, ast.Starred, ast.Await)):
        inner = node.operand if isinstance(node, ast.UnaryOp) else node.value
        yield from _data_names(inner, found)
    else:
        base, _ = values.path(node)
        if base and base not in found.models and base not in found.fitted:
            # xgb.DMatrix(X, y) bound to dtrain: the frames behind it have the role too.
            yield from found.made_from.get(base, ())
            yield base


def _module_like(name: str) -> bool:
    return name in words.PLOTTING or name in ("np", "pd", "pl", "torch", "tf", "xgb", "lgb", "jnp")


def _bindings(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, (ast.Tuple, ast.List)):
                yield from _unpacked(target, node.value)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        if isinstance(node.target, ast.Name):
            yield node.target.id, node.value
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                yield item.optional_vars.id, item.context_expr


def _unpacked(target: ast.Tuple | ast.List, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    names = target.elts
    paired = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(names)
    parts = (
        value.elts if paired and isinstance(value, (ast.Tuple, ast.List)) else [value] * len(names)
    )
    for name, part in zip(names, parts, strict=True):
        # One call that gives several: loss, acc = model.evaluate(...) are metrics, not models.
        if isinstance(name, ast.Name) and (paired or metric_call(part)):
            yield name.id, part


def _binding(name: str, value: ast.expr, found: _Found) -> None:
    if metric_call(value):
        found.metrics[name] = None
        found.scored.append((name, _scored_on(value)))
        found.models.pop(name, None)
        return
    found.metrics.pop(name, None)
    model, fitted = _model(value, found)
    if model:
        found.models[name] = None
    else:
        found.models.pop(name, None)
        if isinstance(value, ast.Call):
            inside = tuple(dict.fromkeys(_data_names(value, found)))
            found.made_from[name] = inside if _container(value) else ()
    if fitted:
        found.fitted[name] = None


def _container(value: ast.Call) -> bool:
    """Whether the call makes a data set around frames: DMatrix, Dataset, TensorDataset."""
    name = values.dotted(value.func).rpartition(".")[2]
    return name.endswith(("DMatrix", "Dataset", "Pool", "DataLoader", "from_numpy", "tensor"))


def _scored_on(value: ast.expr) -> tuple[str, ...]:
    found = _Found()
    _calls(value, found)
    return tuple(found.test)


def _model(value: ast.expr, found: _Found) -> tuple[bool, bool]:
    """(whether ``value`` plausibly is a model, whether it is fitted here)."""
    if isinstance(value, ast.Await):
        return _model(value.value, found)
    if isinstance(value, ast.Name):
        return value.id in found.models, value.id in found.fitted
    if isinstance(value, ast.Attribute):
        owner = values.path(value)[0]
        return value.attr in _SEARCHED, value.attr in _SEARCHED and owner in found.fitted
    if not isinstance(value, ast.Call):
        return False, False
    name = values.dotted(value.func).rpartition(".")[2]
    if isinstance(value.func, ast.Attribute):
        if name == "fit" or name in _FITTED_BY:
            return True, True
        if name in words.FLUENT:
            return _model(value.func.value, found)
    made = words.constructor(name) and not _container(value) and name not in _NO_MODELS
    return made or name.startswith(("make_pipeline", "make_column_transformer")), False


_NO_MODELS = words.word_set(
    "DataFrame Series Path Counter Index DatetimeIndex Timestamp Tensor OrderedDict Random "
    "RandomState Figure LazyFrame Table Decimal Fraction"
)


def _last(tree: ast.Module) -> str:
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        return ""
    value: ast.expr = tree.body[-1].value
    while isinstance(value, ast.Await):
        value = value.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        # `model.fit(X, y)` as last line shows the model.
        value = value.func.value if value.func.attr in words.FLUENT else value
    return value.id if isinstance(value, ast.Name) else ""
