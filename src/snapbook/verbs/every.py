"""Every verb: what it is called, what it takes, what it is for, and which file does it."""

from __future__ import annotations

from collections.abc import Callable

from snapbook.verbs.check import check_save
from snapbook.verbs.here import Here
from snapbook.verbs.table import Argument, Asked, Verb


def _late(module: str, function: str) -> Callable[[Here, Asked], object]:
    """The function of a verb's module, imported when the verb runs: the table stays light."""

    def run(here: Here, asked: Asked) -> object:
        from importlib import import_module

        act: Callable[[Here, Asked], object] = getattr(
            import_module(f"snapbook.verbs.{module}"), function
        )
        return act(here, asked)

    return run


_REF = Argument(
    ("ref",),
    "a version: churn, churn:1.4.0, churn@production, churn~1, 3fa9c2e1",
    "?",
    complete="ref",
)
_NEED_REF = Argument(
    ("ref",), "a version: churn, churn:1.4.0, churn@production, churn~1, 3fa9c2e1", complete="ref"
)
_DRY = Argument(("--dry-run",), "say what would happen, change nothing", "flag")
_YES = Argument(("--yes",), "do it without asking", "flag")
_REGISTRY = Argument(("--registry",), "which one; left out: the only one", metavar="NAME")
_ROWS = Argument(("--rows",), "rows of frames may leave this machine", "flag")
_STRICT = Argument(("--strict",), "refuse where the number is taken by other content", "flag")
_ALIAS = Argument(("alias",), "the alias: production, staging, ...", metavar="ALIAS")
_REASON = Argument(("--reason",), "why; it is kept", metavar="TEXT")
_WHATS = ("model", "data", "params", "cells", "files", "all")

_TABLE = (
    Verb(
        "save",
        "Version the model that a cell made, with its cells, data and environment",
        _late("make", "save"),
        (
            Argument(
                ("name",),
                "the model's name; left out: the last one used, else the notebook's",
                "?",
                complete="model",
            ),
            Argument(
                ("-m", "--message"), "why; left out: derived from what changed", metavar="TEXT"
            ),
            Argument(("--model",), "the variable that holds the model", metavar="VAR"),
            Argument(
                ("--metric",),
                "NAME, NAME:min, NAME:max or NAME=expression",
                "append",
                metavar="METRIC",
            ),
            Argument(("--data",), "further frames to keep, or none", "+", metavar="NAME"),
            Argument(("--store",), "keep rows past the budget too", "flag"),
            Argument(("--no-store",), "keep hashes of data, no rows", "flag"),
            Argument(("--full",), "hash data however long it takes", "flag"),
            Argument(
                ("--attach",),
                "files to keep beside the model",
                "+",
                metavar="PATH",
                complete="path",
            ),
            Argument(("--tag",), "NAME=VALUE or NAME", "append", metavar="TAG"),
            Argument(
                ("--bump",),
                "major, minor or patch instead of the derived one",
                choices=("major", "minor", "patch"),
            ),
            Argument(("--number",), "this number, such as 2.0.0", metavar="X.Y.Z"),
            _DRY,
            Argument(("--quiet",), "print nothing", "flag"),
            Argument(("--strict",), "fail the cell when no version was made", "flag"),
            Argument(("--undo",), "take back the version just made", "flag"),
            Argument(("--auto",), "on or off, as the verb auto", choices=("on", "off")),
        ),
        magic=("version_model",),
        check=check_save,
        examples=('%%version_model churn -m "deeper trees"', "%version_model churn --model rf"),
        label="Snapshot…",
        place="kernel",
        on="session",
        changes=True,
        button="Snapshot",
    ),
    Verb(
        "list",
        "Versions, newest first; search with --where",
        _late("look", "list_versions"),
        (
            Argument(("name",), "one model; left out: all", "?", complete="model"),
            Argument(
                ("--where",), "an expression: accuracy > 0.9 and tag.team = 'risk'", metavar="EXPR"
            ),
            Argument(("--text",), "words in messages, notes and attachments", metavar="WORDS"),
            Argument(("--sort",), "best first by this metric", metavar="METRIC"),
            Argument(("--lowest",), "with --sort: lowest first", "flag"),
            Argument(("-n", "--limit"), "how many (50)", metavar="COUNT"),
        ),
        magic=("versions", "version"),
        aliases=("ls",),
        examples=('snapbook list churn --where "accuracy > 0.9"',),
        label="Versions",
        on="model",
    ),
    Verb(
        "show",
        "One version in full: metrics, parameters, data, cells, environment",
        _late("look", "show"),
        (_REF,),
        magic=("show_version", "show_versions"),
        label="Show",
        on="version",
    ),
    Verb(
        "diff",
        "What differs between two versions; one: from the one before; now: the live session",
        _late("look", "diff"),
        (
            Argument(("refs",), "one or two references", "*", complete="ref"),
            Argument(
                ("--what",),
                "one section only",
                choices=(
                    "code",
                    "cells",
                    "params",
                    "metrics",
                    "data",
                    "model",
                    "environment",
                    "files",
                    "all",
                ),
            ),
        ),
        magic=("diff_version", "diff_versions"),
        examples=(
            "%diff_version churn",
            "snapbook diff churn:0.1.0 churn:0.2.0",
            "%diff_version churn now",
        ),
        label="Diff",
        on="version",
    ),
    Verb(
        "restore",
        "Bring a version back into the kernel, or its cells and files onto disk",
        _late("take", "restore"),
        (
            _REF,
            Argument(("--as",), "the variable to restore into", metavar="NAME"),
            Argument(
                ("--what",),
                "model (default), data, params, cells, files or all",
                "append",
                metavar="WHAT",
            ),
            Argument(("--keep",), "first make a version of what would be replaced", "flag"),
            Argument(("--undo",), "take the last restore back", "flag"),
            _DRY,
            _YES,
        ),
        magic=("restore_version", "restore_versions"),
        examples=("%restore_version churn:0.1.0", "%restore_version churn@production --what all"),
        label="Restore…",
        place="kernel",
        on="version",
        changes=True,
        button="Restore",
    ),
    Verb(
        "lineage",
        "What a version came from: files, cells, data; and what points at it",
        _late("origin", "lineage"),
        (_REF,),
        examples=("%snapbook lineage churn", "snapbook lineage churn@production"),
        label="Lineage",
        on="version",
    ),
    Verb(
        "tag",
        "Set tags (team=risk), move aliases (@candidate), remove tags",
        _late("mark", "tag"),
        (
            _NEED_REF,
            Argument(("tags",), "NAME=VALUE, NAME or @alias", "*"),
            Argument(("--remove",), "a tag to take off", "append", metavar="NAME"),
            _DRY,
        ),
        magic=("tag_version", "tag_versions"),
        label="Tag…",
        on="version",
        changes=True,
    ),
    Verb(
        "note",
        "Add words about a version, or read them",
        _late("mark", "note"),
        (_NEED_REF, Argument(("text",), "the words", "*"), _DRY),
        label="Note…",
        on="version",
        changes=True,
    ),
    Verb(
        "rename",
        "Give a model another name; the old one keeps working",
        _late("mark", "rename"),
        (
            Argument(("model_name",), "the model", complete="model"),
            Argument(("to",), "its new name"),
            _DRY,
        ),
        label="Rename Model…",
        on="model",
        changes=True,
        button="Rename",
    ),
    Verb(
        "delete",
        "Delete a version; its number is never used again",
        _late("mark", "delete"),
        (_NEED_REF, _DRY, _YES),
        label="Delete…",
        on="version",
        changes=True,
        button="Delete",
    ),
    Verb(
        "verify",
        "Check every byte; no reference: everything",
        _late("care", "verify"),
        (_REF,),
        label="Verify",
        on="repository",
    ),
    Verb(
        "gc",
        "Free what no version needs any more",
        _late("care", "gc"),
        (_DRY,),
        label="Free Space…",
        on="repository",
        changes=True,
        button="Free Space",
    ),
    Verb(
        "audit",
        "Whether what happened is kept whole and unchanged; or all of it as rows",
        _late("audits", "audit"),
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
        _late("state", "status"),
        aliases=("where",),
        label="Status",
        on="repository",
    ),
    Verb(
        "init",
        "Make the repository now",
        _late("care", "init"),
        (Argument(("--outside",), "in the user's data folder, not in the project", "flag"), _DRY),
        label="Make Repository",
        on="repository",
        changes=True,
        button="Make Repository",
    ),
    Verb(
        "config",
        "Show or change settings",
        _late("care", "config"),
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
        "The signing key: show, export, rotate, revoke",
        _late("care", "key"),
        (
            Argument(
                ("act",),
                "show, export, rotate or revoke",
                "?",
                choices=("show", "export", "rotate", "revoke"),
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
        _late("care", "trust"),
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
        _late("make", "auto_verb"),
        (Argument(("state",), "on or off", choices=("on", "off")),),
        label="Automatic Versions…",
        place="kernel",
        on="session",
        changes=True,
    ),
    Verb(
        "autoload",
        "Load snapbook in every kernel by itself: on or off",
        _late("care", "autoload"),
        (Argument(("state",), "on or off", choices=("on", "off")), _DRY),
        label="Load in Every Kernel…",
        changes=True,
        button="Change Profile",
    ),
    Verb(
        "export",
        "Write a version's environment as lock files, or its cells as a notebook",
        _late("release", "export"),
        (
            _REF,
            Argument(("--to",), "env or notebook", choices=("env", "notebook"), default="notebook"),
            Argument(("-o", "--output"), "where to", metavar="PATH", complete="path"),
            Argument(("--all",), "all executed cells, not only those that made the model", "flag"),
        ),
        label="Export…",
        on="version",
        changes=True,
        button="Export",
    ),
    Verb(
        "push",
        "Copy a version to a registry; only what is missing there travels",
        _late("share", "push"),
        (_REF, _REGISTRY, _ROWS, _STRICT, _DRY),
        label="Push…",
        on="version",
        changes=True,
        button="Push",
    ),
    Verb(
        "pull",
        "Copy a version from a registry into this project; nothing of it is executed",
        _late("share", "pull"),
        (
            Argument(("ref",), "a version there: churn, team::churn:1.4.0, team::churn@production"),
            _REGISTRY,
            _DRY,
        ),
        label="Pull…",
        changes=True,
        button="Pull",
    ),
    Verb(
        "sync",
        "Pull what is new in a registry, then push what is new here",
        _late("share", "sync"),
        (
            Argument(("model_name",), "one model; left out: all", "?", complete="model"),
            _REGISTRY,
            _ROWS,
        ),
        label="Sync…",
        on="repository",
        changes=True,
        button="Sync",
    ),
    Verb(
        "promote",
        "Let an alias point at a version, if the model's policy lets it",
        _late("promotion", "promote"),
        (
            _NEED_REF,
            _ALIAS,
            _REASON,
            Argument(
                ("--seen",), "what you saw there; refused where it is another now", metavar="NUMBER"
            ),
            _REGISTRY,
            _DRY,
        ),
        examples=(
            "snapbook promote churn:1.4.0 staging",
            "snapbook promote team::churn:1.4.0 production",
        ),
        label="Promote…",
        on="version",
        changes=True,
        button="Promote",
    ),
    Verb(
        "rollback",
        "Let an alias point where it pointed before: one act",
        _late("promotion", "rollback"),
        (
            Argument(("model_name",), "the model", complete="model"),
            Argument(("alias",), "the alias; left out: production", "?"),
            Argument(("--to",), "an earlier one than the last", metavar="NUMBER"),
            _REASON,
            _REGISTRY,
            _DRY,
        ),
        examples=("snapbook rollback churn", "snapbook rollback churn staging --to 1.3.0"),
        label="Roll Back…",
        on="model",
        changes=True,
        button="Roll Back",
    ),
    Verb(
        "request",
        "Ask that a version may stand under an alias",
        _late("promotion", "request"),
        (_NEED_REF, _ALIAS, _REASON, _REGISTRY),
        label="Ask for Approval…",
        on="version",
        changes=True,
    ),
    Verb(
        "approve",
        "Say that a version may stand under an alias",
        _late("promotion", "approve"),
        (_NEED_REF, _ALIAS, _REASON, _REGISTRY),
        label="Approve…",
        on="version",
        changes=True,
        button="Approve",
    ),
    Verb(
        "reject",
        "Say that a version may not stand under an alias, and why",
        _late("promotion", "reject"),
        (_NEED_REF, _ALIAS, _REASON, _REGISTRY),
        label="Reject…",
        on="version",
        changes=True,
        button="Reject",
    ),
    Verb(
        "review",
        "Production beside what may take its place: differences, gates, approvals, history",
        _late("reviewing", "review"),
        (
            Argument(
                ("ref",),
                "a model, or the version to look at; left out: the last one used",
                "?",
                complete="ref",
            ),
            Argument(("--alias",), "another alias than production", metavar="ALIAS"),
            Argument(("--at",), "what was there then: 2026-11-03T14:00", metavar="TIME"),
            _REGISTRY,
        ),
        examples=("snapbook review churn", "snapbook review churn:1.4.0 --alias staging"),
        label="Review",
        on="version",
    ),
    Verb(
        "policy",
        "What decides where aliases of a model point: show it, or put a file in force",
        _late("policies", "policy"),
        (
            Argument(("model_name",), "the model", complete="model"),
            Argument(("file",), "a policy, as TOML; left out: show it", "?", complete="path"),
            Argument(("--number",), "show an earlier one", metavar="N"),
            _REGISTRY,
            _DRY,
        ),
        label="Policy…",
        on="model",
        changes=True,
        button="Change Policy",
    ),
    Verb(
        "registry",
        "The registries you know: list, add, remove; serve one, and give out its tokens",
        _late("registries", "registry"),
        (
            Argument(
                ("act",),
                "list, add NAME URL, remove NAME, serve, token NAME ROLE..., tokens, revoke ID, gc",
                "?",
                choices=("list", "add", "remove", "serve", "token", "tokens", "revoke", "gc"),
            ),
            Argument(("words",), "what the act needs", "*"),
            Argument(("--folder",), "where the served registry is", metavar="DIR", complete="path"),
            Argument(("--host",), "the address to listen on; left out: this machine alone"),
            Argument(("--port",), "the port to listen on; left out: 8844", metavar="N"),
            Argument(
                ("--database",),
                "the PostgreSQL of chain and tokens, with --store: postgresql://HOST/NAME",
                metavar="URL",
            ),
            Argument(
                ("--store",),
                "the bucket that keeps the blobs, for serve: s3://BUCKET/PREFIX",
                metavar="URL",
            ),
            Argument(
                ("--rate",),
                "requests a second of one token or address; left out: 1000; 0: any",
                metavar="N",
            ),
            Argument(
                ("--proxy",),
                "the proxies before it, whose word counts for where a request came from",
                metavar="ADDRESS",
            ),
        ),
        examples=("registry add team https://models.example.com", "registry serve"),
        label="Registries…",
        changes=True,
        button="Change Registries",
    ),
    Verb(
        "login",
        "Keep your token for a registry; it is asked for, or read from a pipe",
        _late("registries", "login"),
        (Argument(("registry_name",), "the registry; left out: the only one", "?"),),
        label="Log In…",
        place="shell",
        changes=True,
    ),
    Verb(
        "bug-report",
        "What to put into a report about snapbook",
        _late("care", "bug_report"),
        label="Bug Report",
    ),
    Verb(
        "help",
        "All verbs, or one with its options",
        _late("care", "help_verb"),
        (Argument(("verb",), "a verb", "?", complete="verb"),),
        label="Help",
    ),
)

VERBS: dict[str, Verb] = {verb.name: verb for verb in _TABLE}
ALIASES = {alias: verb.name for verb in _TABLE for alias in verb.aliases}
# %diff_version, %note_versions, %export_version ...: singular and plural both answer.
ALIASES |= {f"{verb.name}_{tail}": verb.name for verb in _TABLE for tail in ("version", "versions")}
ALIASES |= {"export-env": "export", "bug_report": "bug-report", "version_model": "save"}
