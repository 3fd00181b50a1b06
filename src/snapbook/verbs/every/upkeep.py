"""What keeps a repository, its settings and its keys in order."""

from __future__ import annotations

from snapbook.verbs.every import imaging, rolling
from snapbook.verbs.every.common import DRY, REF, YES, late
from snapbook.verbs.every.imaging import IMAGES, PLACED
from snapbook.verbs.every.rolling import PLATFORMS
from snapbook.verbs.table import Argument, Verb

NETWORKS = ("nnef", "savedmodel")  # a network as a folder for other engines
MLFLOW, ARCHIVE = "mlflow", ".zip"
_FORMS = ("onnx", "skops", "state_dict", *NETWORKS, MLFLOW)  # a model in a form that others read

UPKEEP = (
    Verb(
        "verify",
        "Check every byte; no reference: everything",
        late("care", "verify"),
        (REF,),
        label="Verify",
        on="repository",
    ),
    Verb(
        "gc",
        "Free what no version needs any more",
        late("care", "gc"),
        (
            Argument(("--expire",), "first delete what the policies of models let go", "flag"),
            DRY,
            YES,
        ),
        label="Free Space…",
        on="repository",
        changes=True,
        button="Free Space",
    ),
    Verb(
        "audit",
        "Whether what happened is kept whole and unchanged; or all of it as rows",
        late("audits", "audit"),
        (
            Argument(("act",), "verify (left out) or export", "?", choices=("verify", "export")),
            Argument(("--registry",), "a registry; left out: this project", metavar="NAME"),
            Argument(
                ("--against",),
                "with verify: an earlier export, which it has to continue",
                metavar="FILE",
                complete="path",
            ),
            Argument(
                ("-o", "--output"),
                "with export: the file to write",
                metavar="FILE",
                complete="path",
            ),
        ),
        examples=("snapbook audit verify --registry team", "snapbook audit export -o audit.jsonl"),
        label="Audit…",
        on="repository",
        changes=True,
    ),
    Verb(
        "status",
        "Where versions go, how many, what they weigh",
        late("state", "status"),
        aliases=("where",),
        label="Status",
        on="repository",
    ),
    Verb(
        "init",
        "Make the repository now",
        late("care", "init"),
        (Argument(("--outside",), "in the user's data folder, not in the project", "flag"), DRY),
        label="Make Repository",
        on="repository",
        changes=True,
        button="Make Repository",
    ),
    Verb(
        "config",
        "Show or change settings",
        late("care", "config"),
        (
            Argument(("name",), "a setting", "?"),
            Argument(("value",), "its new value", "?"),
            Argument(("--unset",), "back to the default", "flag"),
        ),
        label="Settings…",
        changes=True,
    ),
    Verb(
        "key",
        "The signing key: show, export, rotate, revoke; openssf: that of exported files",
        late("care", "key"),
        (
            Argument(
                ("act",),
                "show, export, rotate, revoke or openssf",
                "?",
                choices=("show", "export", "rotate", "revoke", "openssf"),
            ),
            Argument(("key",), "with revoke: the public key", "?"),
        ),
        label="Signing Key…",
        changes=True,
        button="Change Key",
    ),
    Verb(
        "trust",
        "Allow a version, or what a key signs, to be loaded",
        late("care", "trust"),
        (
            Argument(("ref",), "a version; with --key: a model name", "?", complete="ref"),
            Argument(("--key",), "a public key", metavar="HEX"),
        ),
        label="Trust…",
        on="version",
        changes=True,
        button="Trust",
    ),
    Verb(
        "auto",
        "A version by itself each time a cell fits a model: on or off",
        late("make", "auto_verb"),
        (Argument(("state",), "on or off", choices=("on", "off")),),
        label="Automatic Versions…",
        place="kernel",
        on="session",
        changes=True,
    ),
    Verb(
        "autoload",
        "Load snapbook in every kernel by itself: on or off",
        late("care", "autoload"),
        (Argument(("state",), "on or off", choices=("on", "off")), DRY),
        label="Load in Every Kernel…",
        changes=True,
        button="Change Profile",
    ),
    Verb(
        "export",
        "Write a version as a bundle that serves, its cells, its environment, or a report on it",
        late("release", "export"),
        (
            REF,
            Argument(
                ("--to",),
                "bundle (left out), or FILE.zip: what serves it; "
                "notebook, env, report: one HTML file for who checks it; "
                "onnx: its model for engines without Python; skops: without a pickle; "
                "state_dict: tensors by name; "
                "nnef, savedmodel: a PyTorch or a Keras network for other engines; "
                "mlflow: a folder that MLflow loads and serves; "
                "kserve, seldon, kubernetes, argo, haproxy, bentoml, pipelines (CI): what these "
                "take, perhaps as a rollout; "
                "docker: what an image is built from, "
                "oci: the image, modelpack: the bundle for registries of images, these two to a "
                "file or as oci://HOST/NAME:TAG",
                choices=("env", "notebook", "report", "bundle", *_FORMS, *IMAGES, *PLATFORMS),
                metavar="TARGET",
                placed=PLACED,
                ending=ARCHIVE,
                default="bundle",
            ),
            Argument(("--registry",), "with report: of a version there", metavar="NAME"),
            Argument(
                ("-o", "--output"),
                "where to; a bundle becomes one archive where it ends in .zip, an image in .tar",
                metavar="PATH",
                complete="path",
            ),
            Argument(("--no-sample",), "with bundle: run nothing, so without a self-test", "flag"),
            Argument(("--all",), "all executed cells, not only those that made the model", "flag"),
            Argument(
                ("--sign",), "a signature beside it that OpenSSF's model_signing verifies", "flag"
            ),
            *imaging.OPTIONS,
            *rolling.OPTIONS,
        ),
        label="Export…",
        on="version",
        changes=True,
        button="Export",
    ),
)
