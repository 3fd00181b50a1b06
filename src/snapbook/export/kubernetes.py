"""Plain Kubernetes: a Deployment and a Service for each version, and a route of the Gateway API.

The route has a weight for each version, or mirrors its requests to one whose answers nobody gets.
There is no engine here that steps on: whoever applies the files in their order is it.
"""

from __future__ import annotations

from collections.abc import Mapping

from snapbook.export.manifests import (
    PORT,
    Document,
    Release,
    Rollout,
    only,
    selector,
    weights,
    written,
)

GATEWAY = "gateway"
TOKEN = "token"
_VARIABLE = "SNAPBOOK_SERVE_TOKEN"
_SERVICE_PORT = 80
_LINGER_S = 10  # as long as it may take until nobody sends requests to a pod that is to end
_VERSION = "app.kubernetes.io/version"


def files(new: Release, rollout: Rollout | None) -> dict[str, str]:
    """The manifests by the names of their files, in the order in which they are applied."""
    if rollout is None:
        return {"deployment.yaml": written(*deployed(new), route(new, {new.own: 1}))}
    plan, old = rollout.plan, rollout.old
    only(plan, ("canary", "shadow", "now"), "A route", "Use snapbook deploy, or --to haproxy")
    back = f"{old.ref} answers all requests."
    made = {"0-stable.yaml": written(*deployed(old), route(old, {old.own: 1}), said=back)}
    if plan.mode == "shadow":
        said = f"{old.ref} answers; {new.ref} is asked as well, and its answers are dropped."
        mirrored = route(old, {old.own: 1}, mirror=new.own)
        made["1-shadow.yaml"] = written(*deployed(new), mirrored, said=said)
    else:
        for place, said, share in steps(rollout):
            left, given = weights(share)
            parts = {old.own: left, new.own: given} if left else {new.own: 1}
            first = deployed(new) if place.startswith("1-") else ()
            made[place] = written(*first, route(new, parts), said=said)
    made["rollback.yaml"] = written(route(old, {old.own: 1}), said=back)
    return made


def steps(rollout: Rollout) -> list[tuple[str, str, float]]:
    """Each step's file, what to say on top of it, and the new version's percent."""
    plan, new = rollout.plan, rollout.new.ref
    found = []
    for number, share in enumerate(plan.steps, 1):
        last = share == 100
        name = f"{number}-{'done' if last else f'canary-{share:g}'}.yaml"
        said = f"{new} answers {'all' if last else f'{share:g} % of the'} requests"
        if not last:
            said += f" for {plan.every_s:g} s; rollback.yaml takes it back"
        if not last and plan.rules:
            said += f", as it should where {plan.json()['rules']}"
        found.append((name, f"{said}.", share))
    return found


def deployed(release: Release, replicas: int = 2) -> tuple[Document, Document]:
    """A Deployment that runs the version, and its Service."""
    own = {**selector(release.name), _VERSION: release.number}
    deployment: Document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": release.metadata(release.own),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": own},
            "template": pod(release, own),
        },
    }
    return deployment, service(release, release.own, own)


def pod(release: Release, labels: Mapping[str, str]) -> Document:
    """What runs in a Deployment: one container that may write to /tmp and to nothing else."""
    return {
        "metadata": {"labels": dict(labels)},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 60,
            "containers": [container(release, "serve")],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        },
    }


def container(release: Release, name: str) -> Document:
    """The container that serves the bundle in the version's image."""
    return {
        "name": name,
        "image": release.pulled,
        "args": ["--linger", str(_LINGER_S)],
        "ports": [{"containerPort": PORT, "protocol": "TCP"}],
        "env": [
            {
                "name": _VARIABLE,
                "valueFrom": {"secretKeyRef": {"name": secret(release), "key": TOKEN}},
            }
        ],
        "readinessProbe": _probe("/v2/health/ready", 5),
        "livenessProbe": _probe("/v2/health/live", 20),
        "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }


def secret(release: Release) -> str:
    """The Secret that has the token which requests bring."""
    return f"{release.name}-{TOKEN}"


def service(release: Release, name: str, labels: Mapping[str, str]) -> Document:
    """A Service in front of the pods with those labels."""
    port = {"name": "http", "port": _SERVICE_PORT, "targetPort": PORT, "protocol": "TCP"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": release.metadata(name),
        "spec": {"selector": dict(labels), "ports": [port]},
    }


def route(release: Release, parts: Mapping[str, int], mirror: str = "") -> Document:
    """The model's HTTPRoute: Services with their weights, and who gets a copy of each request."""
    rule: Document = {
        "backendRefs": [
            {"name": name, "port": _SERVICE_PORT, "weight": weight}
            for name, weight in parts.items()
        ]
    }
    if mirror:
        copied = {"backendRef": {"name": mirror, "port": _SERVICE_PORT}}
        rule = {"filters": [{"type": "RequestMirror", "requestMirror": copied}], **rule}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": release.metadata(release.name),
        "spec": {"parentRefs": [{"name": GATEWAY}], "rules": [rule]},
    }


def _secret(release: Release) -> Document:
    return {"secretKeyRef": {"name": secret(release), "key": TOKEN}}


def _probe(path: str, every: int) -> Document:
    return {"httpGet": {"path": path, "port": PORT}, "periodSeconds": every, "timeoutSeconds": 3}
