"""Every verb: what it is called, what it takes, what it is for, and which file does it.

One table a subject; the order here is the order of help, completion and palette.
"""

from __future__ import annotations

from snapbook.verbs.every.deploying import DEPLOYING
from snapbook.verbs.every.helping import HELPING
from snapbook.verbs.every.monitoring import MONITORING
from snapbook.verbs.every.promotion import PROMOTION
from snapbook.verbs.every.registries import REGISTRIES
from snapbook.verbs.every.serving import SERVING
from snapbook.verbs.every.sharing import SHARING
from snapbook.verbs.every.upkeep import UPKEEP
from snapbook.verbs.every.versions import VERSIONS
from snapbook.verbs.table import Verb

_TABLE = (
    *VERSIONS,
    *UPKEEP,
    *SHARING,
    *REGISTRIES,
    *PROMOTION,
    *DEPLOYING,
    *SERVING,
    *MONITORING,
    *HELPING,
)

VERBS: dict[str, Verb] = {verb.name: verb for verb in _TABLE}
ALIASES = {alias: verb.name for verb in _TABLE for alias in verb.aliases}
# %diff_version, %note_versions, %export_version ...: singular and plural both answer.
ALIASES |= {f"{verb.name}_{tail}": verb.name for verb in _TABLE for tail in ("version", "versions")}
ALIASES |= {"export-env": "export", "bug_report": "bug-report", "version_model": "save"}
