"""What a bundle is made of, for who has to know: CycloneDX 1.6 as JSON.

Without time and serial number, which the format leaves open: the same version has the same list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from snapbook.canonical import Json


def sbom(
    model: str, number: str, sha256: str, needed: Mapping[str, str], locked: Mapping[str, str]
) -> str:
    """The list for the model file with ``sha256``: what it ``needed``, and what else was
    ``locked``, which may be there (scope "optional").
    """
    own = f"snapbook:{model}@{number}"
    components: list[Json] = []
    for name, version in sorted({**locked, **needed}.items()):
        components.append(
            {
                "type": "library",
                "bom-ref": f"pkg:pypi/{name}@{version}",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "scope": "required" if name in needed else "optional",
            }
        )
    document: dict[str, Json] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "machine-learning-model",
                "bom-ref": own,
                "name": model,
                "version": number,
                "hashes": [{"alg": "SHA-256", "content": sha256}],
            }
        },
        "components": components,
        "dependencies": [
            {"ref": own, "dependsOn": [f"pkg:pypi/{n}@{v}" for n, v in sorted(needed.items())]}
        ],
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
