"""Pipelines: the way of a model's newest version to its users, as files of four CI systems.

All run the same commands: pull it, try it by its gates, promote it or begin its rollout. Each can
be started by hand and by a request from outside, such as an alert. What comes with such a request
gets into the environment, never into a command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from snapbook.export.manifests import Document, name_of, written

if TYPE_CHECKING:
    from snapbook.deploy.plan import Plan

EVENT = "snapbook-drift"
REGISTRY = "team"
_ALIAS = "production"
_INSTALL = 'python -m pip install "snapbook[export]"'
_IMAGE = "python:{python}"
# GitLab starts a pipeline by whatever comes: an alert that is over is none.
_OVER = """[ ! -f "$TRIGGER_PAYLOAD" ] || ! grep -q '"resolved"' "$TRIGGER_PAYLOAD" || exit 0"""
_AFTER = "Train a new one first, if that is what an alert asks for: jupyter execute NOTEBOOK, push."
_GITHUB = {
    "SNAPBOOK_REF": "${{{{ inputs.ref || '{model}' }}}}",
    "SNAPBOOK_REASON": "${{{{ github.event.client_payload.rule || github.event_name }}}}",
    "SNAPBOOK_REGISTRY": "${{{{ vars.SNAPBOOK_REGISTRY }}}}",
    "SNAPBOOK_AUTHOR_KEY": "${{{{ vars.SNAPBOOK_AUTHOR_KEY }}}}",
    "SNAPBOOK_TOKEN": "${{{{ secrets.SNAPBOOK_TOKEN }}}}",
}
_JENKINS = """\
// {said}
pipeline {{
    agent {{ docker {{ image '{image}' }} }}
    options {{
        disableConcurrentBuilds()
        timeout(time: 60, unit: 'MINUTES')
    }}
    parameters {{
        string(name: 'SNAPBOOK_REF', defaultValue: '{model}', description: 'Which version')
        string(name: 'SNAPBOOK_REASON', defaultValue: 'Jenkins', description: 'Why')
    }}
    triggers {{
        GenericTrigger(
            genericVariables: [
                [key: 'SNAPBOOK_REASON', value: '$.data.rule', defaultValue: 'Jenkins'],
                [key: 'SNAPBOOK_STATE', value: '$.data.state', defaultValue: 'firing']
            ],
            regexpFilterText: '$SNAPBOOK_STATE',
            regexpFilterExpression: '^firing$',
            tokenCredentialId: 'snapbook-webhook',
            causeString: 'an alert',
            printPostContent: false,
            printContributedVariables: false
        )
    }}
    environment {{
        HOME = "${{env.WORKSPACE}}"
        SNAPBOOK_TOKEN = credentials('snapbook-token')
    }}
    stages {{
{stages}
    }}
}}
"""


def files(model: str, python: str, plan: Plan | None) -> dict[str, str]:
    """The files by their names: what runs for ``model`` on that Python, rolled out as ``plan``."""
    steps = {"Install": [_INSTALL], **commands(model, plan)}
    image = _IMAGE.format(python=python or "3")
    name = name_of(model)
    said = f"Brings the newest version of {model} to {_ALIAS}, if its gates let it.\n{_AFTER}"
    return {
        f"github/.github/workflows/{name}.yml": written(_github(model, python, steps), said=said),
        "gitlab/.gitlab-ci.yml": written(_gitlab(model, image, steps), said=said),
        "jenkins/Jenkinsfile": _jenkins(model, image, steps, said),
        "argo/workflow.yaml": written(*_argo(model, image, steps), said=said),
    }


def commands(model: str, plan: Plan | None) -> dict[str, list[str]]:
    """What the shell runs, by steps. The version is found once, so that all mean the same one."""
    there = f'"{REGISTRY}::$(cat version.txt)"'
    read = "import json; print(json.load(open('pulled.json'))['there'].partition('::')[2])"
    move = f'snapbook promote {there} {_ALIAS} --reason "$SNAPBOOK_REASON"'
    if plan is not None:
        move = f'snapbook deploy {there} {_words(plan)} --reason "$SNAPBOOK_REASON"'
    return {
        "Pull": [
            f'snapbook registry add {REGISTRY} "$SNAPBOOK_REGISTRY"',
            f'snapbook pull "{REGISTRY}::$SNAPBOOK_REF" --json > pulled.json',
            f'python -c "{read}" > version.txt',
        ],
        "Gates": [
            f'[ -z "$SNAPBOOK_AUTHOR_KEY" ] || '
            f'snapbook trust {shlex.quote(model)} --key "$SNAPBOOK_AUTHOR_KEY"',
            f"snapbook judge {there} {_ALIAS}",
        ],
        "Deploy" if plan else "Promote": [move],
    }


def _words(plan: Plan) -> str:
    """The options of `snapbook deploy` that spell ``plan``."""
    told = plan.json()
    steps = ",".join(f"{step:g}" for step in plan.steps)
    words = {"canary": ["--canary", steps, "--every", f"{plan.every_s:g}s"],
             "ab": ["--ab", steps], "shadow": ["--shadow"]}.get(plan.mode, ["--now"])  # fmt: skip
    if plan.rules:
        words += ["--abort-if", str(told["rules"]), "--window", f"{plan.window_s:g}s"]
    return shlex.join(words)


def _github(model: str, python: str, steps: Mapping[str, list[str]]) -> Document:
    ref = {"description": "Which version", "default": model, "type": "string"}
    listed: list[Document] = [
        {"uses": "actions/checkout@v4"},
        {"uses": "actions/setup-python@v5", "with": {"python-version": python or "3.x"}},
    ]
    listed += [{"name": name, "run": "\n".join(lines) + "\n"} for name, lines in steps.items()]
    return {
        "name": f"{model} to {_ALIAS}",
        "on": {
            "workflow_dispatch": {"inputs": {"ref": ref}},
            "repository_dispatch": {"types": [EVENT]},
        },
        "permissions": {"contents": "read"},
        "concurrency": {"group": f"{model}-{_ALIAS}", "cancel-in-progress": False},
        "jobs": {
            _ALIAS: {
                "runs-on": "ubuntu-latest",
                "timeout-minutes": 60,
                "environment": _ALIAS,
                "env": {name: value.format(model=model) for name, value in _GITHUB.items()},
                "steps": listed,
            }
        },
    }


def _gitlab(model: str, image: str, steps: Mapping[str, list[str]]) -> Document:
    sources = " || ".join(f'$CI_PIPELINE_SOURCE == "{one}"' for one in ("trigger", "web"))
    return {
        "workflow": {"rules": [{"if": sources}]},
        "variables": {
            "SNAPBOOK_REF": {"value": model, "description": "Which version"},
            "SNAPBOOK_REASON": {"value": "GitLab", "description": "Why"},
        },
        _ALIAS: {
            "image": image,
            "resource_group": f"{name_of(model)}-{_ALIAS}",
            "environment": {"name": _ALIAS},
            "timeout": "1h",
            "script": [_OVER, *(line for lines in steps.values() for line in lines)],
        },
    }


def _jenkins(model: str, image: str, steps: Mapping[str, list[str]], said: str) -> str:
    stages = []
    for name, lines in steps.items():
        body = "\n".join(f"                    {_groovy(line)}" for line in lines)
        stages.append(
            f"        stage('{name}') {{\n            steps {{\n                sh '''\n{body}\n"
            "                '''\n            }\n        }"
        )
    return _JENKINS.format(
        said=said.replace("\n", "\n// "), image=image, model=model, stages="\n".join(stages)
    )


def _groovy(line: str) -> str:
    """A line as it stands between three single quotes."""
    return line.replace("\\", "\\\\").replace("'''", "\\'\\'\\'")


def _argo(model: str, image: str, steps: Mapping[str, list[str]]) -> list[Document]:
    name = name_of(model)
    source = "\n".join(["set -e", "cd /tmp", *(line for lines in steps.values() for line in lines)])
    secret = {"name": f"{name}-pipeline"}
    env: list[Document] = [
        {"name": "HOME", "value": "/tmp"},
        {"name": "SNAPBOOK_REF", "value": "{{inputs.parameters.ref}}"},
        {"name": "SNAPBOOK_REASON", "value": "{{inputs.parameters.reason}}"},
    ]
    for key in ("SNAPBOOK_REGISTRY", "SNAPBOOK_TOKEN", "SNAPBOOK_AUTHOR_KEY"):
        wanted = {**secret, "key": key, "optional": key != "SNAPBOOK_REGISTRY"}
        env.append({"name": key, "valueFrom": {"secretKeyRef": wanted}})
    inputs = {"parameters": [{"name": "ref"}, {"name": "reason"}]}
    template: Document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowTemplate",
        "metadata": {"name": f"{name}-{_ALIAS}"},
        "spec": {
            "entrypoint": "main",
            "arguments": {
                "parameters": [
                    {"name": "ref", "value": model},
                    {"name": "reason", "value": "Argo"},
                ]
            },
            "synchronization": {"mutexes": [{"name": f"{name}-{_ALIAS}"}]},
            "activeDeadlineSeconds": 3600,
            "templates": [
                {
                    "name": "main",
                    "inputs": inputs,
                    "script": {
                        "image": image, "command": ["sh"], "env": env, "source": f"{source}\n"
                    },
                }
            ],
        },
    }  # fmt: skip
    selector = (
        f'discriminator == "{EVENT}"',
        'payload.data.state == "firing"',
        f'payload.data.version startsWith "{model}:"',
    )
    binding: Document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "WorkflowEventBinding",
        "metadata": {"name": f"{name}-{_ALIAS}"},
        "spec": {
            "event": {"selector": " && ".join(selector)},
            "submit": {
                "workflowTemplateRef": {"name": f"{name}-{_ALIAS}"},
                "arguments": {
                    "parameters": [{"name": "reason", "valueFrom": {"event": "payload.data.rule"}}]
                },
            },
        },
    }
    return [template, binding]


def python_of(text: str) -> str:
    """A Python as CI systems name it: 3.11; "" where none is known."""
    return text if re.fullmatch(r"3\.[0-9]{1,2}", text) else ""
