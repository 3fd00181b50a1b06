"""What the names of methods and functions tell about what a call does to its objects.

Tables only. Python does not say whether a call changes its object, so names must: a wrong entry
makes a slice larger than need be or, worse, too small; doubtful names count as changing.
"""

from __future__ import annotations

import builtins


def word_set(text: str) -> frozenset[str]:
    """The words of ``text``, for tables that are read more often than changed."""
    return frozenset(text.split())


BUILTIN = frozenset(dir(builtins)) | {"get_ipython", "display", "In", "Out", "_", "__", "___"}
"""Names that are there in every kernel."""

PROCESS = "<process>"
"""Stands for what a cell changes beside names: seeds, working directory, import path, options."""

# Change the object itself and nothing that it holds.
SHALLOW = word_set(
    "append extend insert pop popitem remove clear sort reverse add discard update setdefault "
    "put put_nowait appendleft popleft extendleft rotate fill resize itemset setflags "
    "partition difference_update intersection_update symmetric_difference_update write "
    "writelines push move_to_end subtract"
)

# Change the object and what it was made from: an optimiser changes its model's parameters.
DEEP = word_set(
    "fit partial_fit fit_transform fit_predict fit_resample train eval step backward "
    "zero_grad load_state_dict set_params compile adapt learn tell optimize add_module "
    "register_buffer requires_grad_ train_on_batch fit_generator seek send throw set_attr"
)

# Give back their object: `model = clf.fit(X, y)` is clf.
FLUENT = word_set(
    "fit partial_fit set_params train eval to cuda cpu float double half compile "
    "requires_grad_ set_output"
)

# Give a view, or an element, of their object.
VIEWS = word_set(
    "get setdefault items values keys view reshape ravel squeeze unsqueeze transpose swapaxes "
    "numpy detach parameters named_parameters children modules state_dict get_booster "
    "get_params diagonal permute expand pop iterrows itertuples"
)

# Give a new container of the same elements.
SHALLOW_COPIES = frozenset({"copy"})
CONTAINERS = word_set(
    "list dict tuple set frozenset sorted zip enumerate reversed iter map filter next min max "
    "deque defaultdict OrderedDict Counter chain islice cycle"
)

# Attributes through which an assignment is one to the object itself.
INDEXERS = frozenset({"loc", "iloc", "at", "iat", "values", "flat", "data"})

# Attributes that are plain numbers or names, not parts that could be changed.
SCALARS = word_set(
    "shape size ndim dtype dtypes name names columns index n_features_in_ classes_ nbytes "
    "best_params_ best_score_ feature_names_in_ coef_ intercept_ itemsize"
)

# Statement calls that are made to show or to store, and change none of their objects.
PURE = word_set(
    "print display len help type id repr dir vars isinstance hasattr getattr head tail info "
    "describe show plot hist boxplot scatter bar barh savefig summary sample value_counts "
    "nunique unique isna isnull sum mean std var min max count predict predict_proba score "
    "transform evaluate groupby corr cov keys values items copy filterwarnings simplefilter "
    "set_theme set_style heatmap histplot pairplot subplots figure title xlabel ylabel legend "
    "tight_layout grid classification_report confusion_matrix accuracy_score time sleep "
    "collect get json dumps cross_val_score cross_validate memory_usage equals all any round "
    "query isin IPython HTML Markdown warn debug warning error exception assert_frame_equal "
    "assert_allclose assert_equal input open exit quit breakpoint globals locals hash "
    "callable abs pprint clear_output"
)
PURE_PREFIXES = tuple(
    word_set(
        "to_ plot_ show_ print_ log_ save dump assert check_ is_ display_ describe_ draw_ export "
        "write_ get_ has_ list_"
    )
)
PLOTTING = word_set(
    "plt sns px go ax axes fig alt mpl logging logger warnings mlflow wandb IPython pprint time gc"
)

# Change the process, not a name.
SETTINGS = word_set(
    "seed manual_seed manual_seed_all set_seed seed_everything set_random_seed chdir "
    "set_option set_config reset_option use_deterministic_algorithms set_default_dtype "
    "set_default_device set_default_tensor_type set_num_threads putenv setlocale __process__"
)
SETTING_OBJECTS = frozenset({"sys.path", "os.environ", "pd.options", "pandas.options"})

# Values that cannot be changed in place.
IMMUTABLE_CALLS = word_set(
    "int float str bool bytes len round abs sum complex frozenset hash id repr format time "
    "perf_counter score mean std accuracy_score f1_score roc_auc_score r2_score item"
)


def pure(name: str) -> bool:
    """Whether a statement call of ``name`` leaves its objects as they are."""
    return name in PURE or name.startswith(PURE_PREFIXES)


def constructor(name: str) -> bool:
    """Whether ``name`` is written like a class."""
    return name[:1].isupper()
