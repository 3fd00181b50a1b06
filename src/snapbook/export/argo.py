"""Argo Rollouts: a plan as a Rollout that steps by itself, and takes itself back by its rules.

Weights are set by the plugin for the Gateway API. Rules become an AnalysisTemplate: errors and
times are asked of Prometheus, what only the server knows of its inputs is asked of the server.
"""

from __future__ import annotations

import json

from snapbook.deploy.plan import Plan
from snapbook.errors import BadOption
from snapbook.export import kubernetes
from snapbook.export.manifests import Document, Release, Rollout, only, selector, whole, written
from snapbook.watch.rules import METRICS, Rule

_API = "argoproj.io/v1alpha1"
_PLUGIN = "argoproj-labs/gatewayAPI"
_PROMETHEUS = "http://prometheus.monitoring:9090"
_TIMES = {"p50": 0.5, "p99": 0.99}
_REPLICAS = 2


def files(new: Release, rollout: Rollout | None) -> dict[str, str]:
    """The manifests by the names of their files, in the order in which they are applied."""
    if rollout is None:
        raise BadOption("A Rollout needs a plan", act="Say --canary 5,25,50,100")
    old, plan = rollout.old, rollout.plan
    only(plan, ("canary",), "A Rollout", "Use --canary, or --to kubernetes")
    whole(plan, "A Rollout")
    stable, canary = f"{new.name}-stable", f"{new.name}-canary"
    around = [kubernetes.service(new, name, selector(new.name)) for name in (stable, canary)]
    around.append(kubernetes.route(new, {stable: 100, canary: 0}))
    if plan.rules:
        around.append(_template(new, plan))
    said = f"{old.ref} as a Rollout: applied once, before 1-rollout.yaml."
    steps = ", ".join(f"{step:g}" for step in plan.steps)
    moved = f"{new.ref} gets {steps} % of the requests, {plan.every_s:g} s each."
    moved += "\nBack: kubectl argo rollouts abort, or 0-stable.yaml."
    return {
        "0-around.yaml": written(*around, said="What the Rollout leans on."),
        "0-stable.yaml": written(_rollout(old, plan, stable, canary), said=said),
        "1-rollout.yaml": written(_rollout(new, plan, stable, canary), said=moved),
    }


def _rollout(release: Release, plan: Plan, stable: str, canary: str) -> Document:
    labels = selector(release.name)
    pause = {"duration": f"{max(plan.every_s, 1):.0f}s"}
    steps: list[Document] = []
    for share in whole(plan, "A Rollout"):
        steps.append({"setWeight": share})
        if share != 100:
            steps.append({"pause": pause})
    strategy: Document = {
        "stableService": stable,
        "canaryService": canary,
        "trafficRouting": {"plugins": {_PLUGIN: {"httpRoute": release.name}}},
        "steps": steps,
    }
    if plan.rules:
        strategy["analysis"] = {
            "templates": [{"templateName": release.name}],
            "startingStep": 1,
            "args": [{"name": "stable", "value": stable}, {"name": "canary", "value": canary}],
        }
    return {
        "apiVersion": _API,
        "kind": "Rollout",
        "metadata": release.metadata(release.name),
        "spec": {
            "replicas": _REPLICAS,
            "selector": {"matchLabels": labels},
            "strategy": {"canary": strategy},
            "template": kubernetes.pod(release, labels),
        },
    }


def _template(release: Release, plan: Plan) -> Document:
    window = f"{max(plan.window_s, 1):.0f}s"
    secret = {"secretKeyRef": {"name": kubernetes.secret(release), "key": kubernetes.TOKEN}}
    args: list[Document] = [
        {"name": "stable"},
        {"name": "canary"},
        {"name": "prometheus", "value": _PROMETHEUS},
    ]
    metrics = [
        {"name": f"rule-{place}-{rule.metric.replace('_', '-')}", **_metric(rule, window)}
        for place, rule in enumerate(plan.rules, 1)
    ]
    if any("web" in metric["provider"] for metric in metrics):
        args.append({"name": "token", "valueFrom": secret})
    return {
        "apiVersion": _API,
        "kind": "AnalysisTemplate",
        "metadata": release.metadata(release.name),
        "spec": {"args": args, "metrics": metrics},
    }


def _metric(rule: Rule, window: str) -> Document:
    """One rule. What is not known (no requests, too few labels) neither holds nor fails."""
    told, counted = METRICS[rule.metric]
    sign = ">" if rule.above else "<"
    metric: Document = {
        "interval": window,
        "initialDelay": window,
        "failureLimit": 0,
    }
    if counted == "requests":
        query = f"({_query(rule.metric, 'canary', window)}) - ({_limit(rule, window)})"
        metric["failureCondition"] = f"len(result) > 0 && result[0] {sign} 0"
        metric["provider"] = {"prometheus": {"address": "{{args.prometheus}}", "query": query}}
        return metric
    if rule.against:
        raise BadOption(
            f"A Rollout cannot compare {rule.metric} with that of the stable version",
            act=f"Say what it may be, like {rule.metric} {sign} 0.9",
        )
    known, value = f'"{told}" in result', f'result["{told}"]'
    if rule.column:
        name = json.dumps(rule.column, ensure_ascii=False)
        known, value = f'"drift" in result && {name} in result["drift"]', f'result["drift"][{name}]'
    metric["failureCondition"] = f"{known} && {value} {sign} {_number(rule.number)}"
    metric["provider"] = {
        "web": {
            "url": f"http://{{{{args.canary}}}}/window?seconds={window[:-1]}",
            "headers": [{"key": "Authorization", "value": "Bearer {{args.token}}"}],
            "jsonPath": "{$}",
        }
    }
    return metric


def _limit(rule: Rule, window: str) -> str:
    """The limit as Prometheus computes it."""
    if not rule.against:
        return _number(rule.number)
    stable = _query(rule.metric, "stable", window)
    if rule.against == "times":
        return f"{_number(rule.number)} * ({stable})"
    if rule.against == "plus":
        return f"({stable}) + {_number(rule.number)}"
    return f"({stable}) * {_number(1 + rule.number)}"


def _query(metric: str, who: str, window: str) -> str:
    """What Prometheus is asked of one of the two: a share, or milliseconds."""
    of = f'service="{{{{args.{who}}}}}",route=~"predict|infer"'
    if metric == "error_rate":
        failed = f'sum(rate(snapbook_requests_total{{{of},status=~"5.."}}[{window}]))'
        every = f"sum(rate(snapbook_requests_total{{{of}}}[{window}]))"
        return f"({failed} or vector(0)) / {every}"
    rate = f"sum by (le) (rate(snapbook_request_seconds_bucket{{{of}}}[{window}]))"
    return f"1000 * histogram_quantile({_TIMES[metric]}, {rate})"


def _number(value: float) -> str:
    return f"{value:.12g}"
