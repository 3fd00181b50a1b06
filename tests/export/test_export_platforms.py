"""Manifests for KServe, Argo, the Gateway API, Kubernetes, Seldon: held to what they publish."""

from __future__ import annotations

import json
from pathlib import Path

import leaving
import published
import pytest
import yaml

from snapbook import verbs
from snapbook.deploy import plan
from snapbook.errors import BadOption, Conflict
from snapbook.export import argo, kserve, kubernetes, seldon
from snapbook.export.manifests import Release, Rollout, image_of, name_of, written

OLD = Release("churn", "1.4.0", "1234e567" * 8, "registry.example.com/churn")
NEW = Release("churn", "1.5.0", "0" * 64, "registry.example.com/churn")
RULES = 'error_rate > 1% or p99 > 2x or p50 > 80ms or drift > 0.2 in pla"n or accuracy < 90%'
CANARY = Rollout(OLD, NEW, plan.parse(canary="5,25,50,100", every="10m", abort_if=RULES))
SHADOW = Rollout(OLD, NEW, plan.parse(shadow=True))
AB = Rollout(OLD, NEW, plan.parse(ab="50"))


def read(files):
    return {name: list(yaml.safe_load_all(text)) for name, text in files.items()}


@pytest.mark.parametrize(
    "files",
    [
        kserve.files(NEW, None), kserve.files(NEW, CANARY), argo.files(NEW, CANARY),
        kubernetes.files(NEW, None), kubernetes.files(NEW, CANARY), kubernetes.files(NEW, SHADOW),
    ],
    ids=["kserve", "kserve canary", "argo", "kubernetes", "kubernetes canary", "kubernetes shadow"],
)  # fmt: skip
def test_manifests_are_what_their_makers_publish(files):
    for documents in read(files).values():
        assert documents
        for document in documents:
            published.hold(document)


def test_the_published_schemas_can_refuse():
    (document,) = read(kserve.files(NEW, CANARY))["standard/1-canary-5.yaml"]
    published.hold(document)
    for path, wrong in (
        (("spec", "canary", 0, "percent"), 5),
        (("spec", "canary", 0, "trafficPercent"), "5"),
        (("spec", "predictor", "containers", 0, "imagePull"), "Always"),
        (("spec", "predictor", "containers", 0, "ports", 0, "containerPort"), "8080"),
    ):
        changed = json.loads(json.dumps(document))
        part = changed
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = wrong
        with pytest.raises(AssertionError):
            published.hold(changed)
    (rollout,) = read(argo.files(NEW, CANARY))["1-rollout.yaml"]
    rollout["spec"]["strategy"]["canary"]["stepz"] = []
    with pytest.raises(Exception, match="stepz"):
        published.hold(rollout)


# mlops.seldon.io/v1alpha1: what its custom resource definitions need, and types of members that we
# use (operator/config/crd/bases in Seldon's sources; no package holds them).
SELDON = {
    "Model": ({"storageUri": str}, {"requirements": list, "memory": str, "replicas": int}),
    "Experiment": ({"candidates": list}, {"default": str, "mirror": dict, "resourceType": str}),
}
CANDIDATE, MIRROR = {"name": str, "weight": int}, {"name": str, "percent": int}


@pytest.mark.parametrize("rollout", [None, CANARY, SHADOW, AB])
def test_seldon_gets_members_of_its_definitions(rollout):
    for documents in read(seldon.files(NEW, rollout, "s3://models")).values():
        for document in documents:
            assert document["apiVersion"] == "mlops.seldon.io/v1alpha1"
            needed, known = SELDON[document["kind"]]
            spec = document["spec"]
            assert set(needed) <= set(spec) <= set(needed) | set(known)
            for name, value in spec.items():
                assert type(value) is {**needed, **known}[name]
            assert all(type(one) is str for one in spec.get("requirements", ()))
            for one in spec.get("candidates", ()):
                assert {name: type(value) for name, value in one.items()} == CANDIDATE
            if mirror := spec.get("mirror"):
                assert {name: type(value) for name, value in mirror.items()} == MIRROR
                assert mirror["name"] not in [one["name"] for one in spec["candidates"]]


def test_steps_of_a_plan_are_files_in_order():
    serverless = read(kserve.files(NEW, CANARY))
    shares = []
    for number, name in enumerate(("0-stable", "1-canary-5", "2-canary-25", "4-done")):
        (one,) = serverless[f"serverless/{name}.yaml"]
        predictor = one["spec"]["predictor"]
        shares.append(predictor.get("canaryTrafficPercent"))
        image = predictor["containers"][0]["image"]
        assert image == (NEW if number else OLD).pulled
    assert shares == [None, 5, 25, None]
    (back,) = serverless["serverless/rollback.yaml"]
    assert back["spec"]["predictor"]["canaryTrafficPercent"] == 0
    (step,) = serverless["standard/2-canary-25.yaml"]
    assert step["spec"]["predictor"]["name"] == "v1-4-0"
    assert [one["trafficPercent"] for one in step["spec"]["canary"]] == [25]
    (done,) = serverless["standard/4-done.yaml"]
    assert done["spec"]["predictor"]["name"] == "v1-5-0"
    assert "canary" not in done["spec"]


def test_routes_have_the_weights_of_the_plan_and_mirror_a_shadow():
    weights = {}
    for name, documents in read(kubernetes.files(NEW, CANARY)).items():
        (route,) = [one for one in documents if one["kind"] == "HTTPRoute"]
        (rule,) = route["spec"]["rules"]
        weights[name] = {one["name"]: one["weight"] for one in rule["backendRefs"]}
    assert weights["1-canary-5.yaml"] == {"churn-1-4-0": 95, "churn-1-5-0": 5}
    assert weights["4-done.yaml"] == {"churn-1-5-0": 1}
    assert weights["rollback.yaml"] == {"churn-1-4-0": 1}
    *_, route = read(kubernetes.files(NEW, SHADOW))["1-shadow.yaml"]
    (rule,) = route["spec"]["rules"]
    assert rule["filters"][0]["requestMirror"]["backendRef"]["name"] == "churn-1-5-0"
    assert [one["name"] for one in rule["backendRefs"]] == ["churn-1-4-0"]
    half = Rollout(OLD, NEW, plan.parse(canary="0.5,100"))
    *_, route = read(kubernetes.files(NEW, half))["1-canary-0.5.yaml"]
    assert [one["weight"] for one in route["spec"]["rules"][0]["backendRefs"]] == [99500, 500]


def test_rules_become_an_analysis():
    documents = read(argo.files(NEW, CANARY))["0-around.yaml"]
    (template,) = [one for one in documents if one["kind"] == "AnalysisTemplate"]
    metrics = {one["name"]: one for one in template["spec"]["metrics"]}
    assert list(metrics) == [
        "rule-1-error-rate", "rule-2-p99", "rule-3-p50", "rule-4-drift", "rule-5-accuracy",
    ]  # fmt: skip
    metrics = {name.split("-")[2]: one for name, one in metrics.items()}
    query = metrics["p99"]["provider"]["prometheus"]["query"]
    assert "{{args.stable}}" in query
    assert query.count("histogram_quantile(0.99") == 2
    assert metrics["p50"]["provider"]["prometheus"]["query"].endswith("- (80)")
    assert metrics["drift"]["failureCondition"].endswith('result["drift"]["pla\\"n"] > 0.2')
    assert metrics["accuracy"]["failureCondition"].endswith('result["accuracy"] < 0.9')
    rollout = Rollout(OLD, NEW, plan.parse(canary="100", abort_if="accuracy < stable - 2%"))
    with pytest.raises(BadOption, match="cannot compare accuracy"):
        argo.files(NEW, rollout)


def test_what_a_platform_has_no_word_for_is_refused():
    for make, rollout in (
        (lambda r: kserve.files(NEW, r), SHADOW),
        (lambda r: kserve.files(NEW, r), AB),
        (lambda r: kubernetes.files(NEW, r), AB),
        (lambda r: argo.files(NEW, r), SHADOW),
        (lambda r: kserve.files(NEW, r), Rollout(OLD, NEW, plan.parse(canary="0.5,100"))),
    ):
        with pytest.raises(BadOption):
            make(rollout)


def test_names_are_those_that_a_cluster_takes():
    assert name_of("churn") == "churn"
    assert name_of("Churn") == "churn"
    alike = {name_of(name) for name in ("team/churn", "team-churn", "team.churn", "team_churn")}
    assert len(alike) == 4
    for name in ("9lives", "_x", "a" * 128, "x--" * 40, "Ünter"):
        found = name_of(name)
        assert found[0].isalpha()
        assert found.isascii()
        assert len(found) <= 40
        assert not found.endswith("-")
    assert image_of("Team/Churn", None) == "team/churn"
    for wrong in ("churn:1.0", "churn@sha256:00", "a b", "", "Churn"):
        with pytest.raises(BadOption):
            image_of("churn", wrong)


def test_texts_that_look_like_numbers_stay_texts():
    for text in ("1234e567", "1e3", "0x10", "1.5.0", "y", "No", "~", "12:30", "1_000", ".5", ""):
        made = written({"a": text})
        assert yaml.safe_load(made) == {"a": text}
        assert made in (f'a: "{text}"\n', f"a: '{text}'\n")


def test_export_writes_a_folder_from_production_to_a_version(project, tmp_path):
    rows, target = leaving.numbers()
    frames = {"X": (rows, "train"), "y": (target, "train")}
    old = leaving.save(project, leaving.logistic(rows, target), frames)
    verbs.promote(old.ref, "production")
    new = leaving.save(project, leaving.forest(rows, target), frames)
    words = {"canary": "10,100", "abort_if": "p99 > 2x"}
    for to in ("kserve", "kubernetes", "argo", "haproxy"):
        for name in ("one", "two"):
            verbs.export(new.ref, to=to, output=f"{to}-{name}", **words)
        one, two = (files_of(tmp_path / f"{to}-{name}") for name in ("one", "two"))
        assert one == two
        assert one
    said = verbs.export(new.ref, to="kserve", output="more", **words)
    assert said.data["stable"] == "churn:1.0.0"
    assert "you do" in said.lines[-1]
    alone = verbs.export(new.ref, to="kubernetes", output="alone")
    assert alone.lines[0] == "wrote alone: 1 file"
    with pytest.raises(Conflict):
        verbs.export(new.ref, to="kserve", output="more")
    with pytest.raises(BadOption):
        verbs.export(new.ref, to="kserve", every="10m")
    with pytest.raises(BadOption):
        verbs.export(new.ref, to="argo")
    with pytest.raises(BadOption):
        verbs.export(old.ref, to="kserve", canary="100")


def files_of(folder: Path) -> dict[str, bytes]:
    found = sorted(one for one in folder.rglob("*") if one.is_file())
    return {str(one.relative_to(folder)): one.read_bytes() for one in found}
