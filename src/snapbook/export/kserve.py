"""KServe: an InferenceService for each step of a rollout, in both of its ways to split requests.

With Knative (serverless) the service is changed to the new version and told what percent of the
requests it gets; KServe keeps the revision before. In standard mode both versions stand in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from snapbook.export import kubernetes
from snapbook.export.manifests import Document, Release, Rollout, only, whole, written

MODE = "serving.kserve.io/deploymentMode"
SERVERLESS, STANDARD = "Serverless", "Standard"
_CONTAINER = "kserve-container"


def files(new: Release, rollout: Rollout | None) -> dict[str, str]:
    """The manifests by the names of their files, in the order in which they are applied."""
    if rollout is None:
        return {
            f"{mode.lower()}.yaml": written(_service(new, mode, _predictor(new, mode)))
            for mode in (SERVERLESS, STANDARD)
        }
    only(rollout.plan, ("canary", "now"), "KServe", "Use --to kubernetes or --to seldon")
    whole(rollout.plan, "KServe")
    return {**_serverless(rollout), **_standard(rollout)}


def _serverless(rollout: Rollout) -> dict[str, str]:
    old, new = rollout.old, rollout.new
    back = f"{old.ref} answers all requests."
    made = {"0-stable": (_service(old, SERVERLESS, _predictor(old, SERVERLESS)), back)}
    for name, said, share in kubernetes.steps(rollout):
        percent = {} if share == 100 else {"canaryTrafficPercent": int(share)}
        predictor = {**percent, **_predictor(new, SERVERLESS)}
        made[name.removesuffix(".yaml")] = (_service(new, SERVERLESS, predictor), said)
    none = {"canaryTrafficPercent": 0, **_predictor(new, SERVERLESS)}
    made["rollback"] = (_service(new, SERVERLESS, none), f"{back} Not after the last step.")
    return _written("serverless", made)


def _standard(rollout: Rollout) -> dict[str, str]:
    old, new = rollout.old, rollout.new
    back = f"{old.ref} answers all requests."
    stable = _service(old, STANDARD, _predictor(old, STANDARD))
    made = {"0-stable": (stable, back)}
    for name, said, share in kubernetes.steps(rollout):
        if share == 100:  # the canary's name becomes that of the predictor: nothing starts anew
            document = _service(new, STANDARD, _predictor(new, STANDARD))
        else:
            canary = {"trafficPercent": int(share), "predictor": _predictor(new, STANDARD)}
            document = _service(old, STANDARD, _predictor(old, STANDARD), canary)
        made[name.removesuffix(".yaml")] = (document, said)
    made["rollback"] = (stable, back)
    return _written("standard", made)


def _written(folder: str, made: Mapping[str, tuple[Document, str]]) -> dict[str, str]:
    return {
        f"{folder}/{name}.yaml": written(document, said=said)
        for name, (document, said) in made.items()
    }


def _service(
    release: Release, mode: str, predictor: Document, canary: Document | None = None
) -> Document:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": release.metadata(release.name, {MODE: mode}),
        "spec": {"predictor": predictor, **({"canary": [canary]} if canary else {})},
    }


def _predictor(release: Release, mode: str) -> Document:
    named = {"name": release.own.removeprefix(f"{release.name}-")} if mode == STANDARD else {}
    return {
        **({"name": f"v{named['name']}"} if named else {}),
        "minReplicas": 1,
        "containers": [kubernetes.container(release, _CONTAINER)],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
