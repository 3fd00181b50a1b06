"""CI files: held to the published schemas, and their commands run in a project."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import leaving
import published
import pytest
import yaml

from snapbook import verbs
from snapbook.deploy import plan
from snapbook.export import pipelines

PLAN = plan.parse(canary="5,100", every="10m", abort_if="error_rate > 1% or accuracy < stable - 2%")
ARGO = """
import json, sys
sys.path.insert(0, sys.argv[1])
from hera.workflows.models import WorkflowEventBinding, WorkflowTemplate

def aliased(told, made):
    # What a model does not know, it drops: all that went in has to come out again.
    if isinstance(told, dict):
        assert set(told) <= set(made), (set(told) - set(made))
        for name in told:
            aliased(told[name], made[name])
    elif isinstance(told, list):
        for one, other in zip(told, made, strict=True):
            aliased(one, other)

for document in json.load(sys.stdin):
    kind = {"WorkflowTemplate": WorkflowTemplate, "WorkflowEventBinding": WorkflowEventBinding}
    made = kind[document["kind"]].model_validate(document)
    aliased(document, json.loads(made.model_dump_json(by_alias=True, exclude_none=True)))
"""


@pytest.mark.parametrize("model", ["churn", "team/churn"])
@pytest.mark.parametrize("rolled", [None, PLAN])
def test_files_are_what_the_systems_publish(model, rolled):
    made = pipelines.files(model, "3.11", rolled)
    vendor = published.there("check_jsonschema/builtin_schemas/vendor")
    for name, schema in (("github/", "github-workflows"), ("gitlab/", "gitlab-ci")):
        (text,) = [text for path, text in made.items() if path.startswith(name)]
        told = json.loads((vendor / f"{schema}.json").read_text())
        jsonschema.validate(yaml.safe_load(text), told)


@pytest.mark.slow
def test_argo_takes_the_workflow():
    root = published.there("hera").parent
    made = pipelines.files("churn", "3.11", PLAN)
    documents = list(yaml.safe_load_all(made["argo/workflow.yaml"]))
    assert len(documents) == 2
    said = subprocess.run(
        [sys.executable, "-c", ARGO, str(root)],
        input=json.dumps(documents), capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr[-2000:]


def scripts(made: dict[str, str]) -> dict[str, str]:
    """What each system would run in a shell, but the installation."""
    found = {}
    for path, text in made.items():
        if path.startswith("github"):
            (job,) = yaml.safe_load(text)["jobs"].values()
            found[path] = "".join(step.get("run", "") for step in job["steps"])
        elif path.startswith("gitlab"):
            over, *lines = yaml.safe_load(text)["production"]["script"]
            assert "TRIGGER_PAYLOAD" in over
            found[path] = "\n".join(lines)
        elif path.startswith("jenkins"):
            shells = re.findall(r"sh '''\n(.*?)\n +'''", text, re.DOTALL)
            found[path] = "\n".join(shells).replace("\\\\", "\\")
        else:
            template, _ = yaml.safe_load_all(text)
            source = template["spec"]["templates"][0]["script"]["source"]
            found[path] = source.replace("cd /tmp\n", "")
    lines = {
        path: [line.strip() for line in text.splitlines() if "pip install" not in line]
        for path, text in found.items()
    }
    return {path: "\n".join(kept) for path, kept in lines.items()}


def test_all_systems_run_the_same_commands_and_paste_nothing_from_outside():
    made = scripts(pipelines.files("churn", "3.11", PLAN))
    bodies = {text.removeprefix("set -e\n").strip() for text in made.values()}
    assert len(bodies) == 1
    (body,) = bodies
    assert "{{" not in body
    assert "--abort-if 'error_rate > 1% or accuracy < stable - 2%'" in body


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A registry with a version in it, and who signed it."""
    with leaving.project(tmp_path, monkeypatch) as repository:
        rows, target = leaving.numbers()
        key = leaving.own_key()
        frames = {"X": (rows, "train"), "y": (target, "train")}
        leaving.save(repository, leaving.logistic(rows, target), frames, key=key)

        def another():
            leaving.save(repository, leaving.forest(rows, target), frames, key=key)
            verbs.push("churn", registry="team", yes=True)

        place = (tmp_path / "registry").as_uri()
        (tmp_path / "registry").mkdir()
        verbs.registry("add", "team", place)
        verbs.push("churn", registry="team", yes=True)
        yield place, key.public, another


@pytest.mark.slow
def test_the_commands_bring_versions_to_production(registry, tmp_path):
    place, key, another = registry
    runner = tmp_path / "runner"
    (runner / "bin").mkdir(parents=True)
    own = Path(sys.executable)
    (runner / "bin/snapbook").write_text(f'#!/bin/sh\nexec "{own}" -m snapbook "$@"\n')
    (runner / "bin/snapbook").chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{runner / 'bin'}:{own.parent}:{os.environ['PATH']}",
        "SNAPBOOK_CONFIG": str(runner / "config"),
        "SNAPBOOK_REGISTRY": place,
        "SNAPBOOK_REF": "churn",
        "SNAPBOOK_REASON": 'drift > 0.2 in "price"; $(touch pwned)',
        "SNAPBOOK_AUTHOR_KEY": key,
    }
    for rolled, wanted in ((None, "production of churn is churn:1.0.0"), (PLAN, "5 % beside")):
        made = scripts(pipelines.files("churn", "3.11", rolled))
        (script,) = [text for path, text in made.items() if path.startswith("jenkins")]
        said = subprocess.run(
            ["sh", "-e", "-c", script], cwd=runner, env=environment, capture_output=True, text=True
        )
        assert said.returncode == 0, said.stdout + said.stderr
        assert wanted in said.stdout, said.stdout
        assert not (runner / "pwned").exists()
        another()


def test_an_alert_that_is_over_starts_nothing_at_gitlab(tmp_path):
    made = yaml.safe_load(pipelines.files("churn", "3.11", None)["gitlab/.gitlab-ci.yml"])
    line = f"{made['production']['script'][0]}; echo on"
    for state, said in (("resolved", ""), ("firing", "on\n"), (None, "on\n")):
        path = tmp_path / "payload"
        path.unlink(missing_ok=True)
        if state:
            path.write_text(json.dumps({"data": {"state": state}}))
        got = subprocess.run(
            ["sh", "-e", "-c", line], env={"TRIGGER_PAYLOAD": str(path) if state else "",
                                           "PATH": os.environ["PATH"]},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert got.stdout == said
