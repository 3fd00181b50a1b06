"""What deploy/ says is what the command takes: options, ports, folders, probes."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snapbook.registry.guard import OPEN
from snapbook.verbs import VERBS

yaml = pytest.importorskip("yaml")
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"


def asked(words):
    """What the real command makes of ``words``; it raises for an option that it does not have."""
    assert words[0] == "registry"
    found = VERBS["registry"].parse(list(words[1:]))
    assert (found.act, found.words) == ("serve", [])
    return found


def read(path):
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def test_the_image_s_user_folder_and_port():
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    assert json.loads(next(line for line in lines if line.startswith("ENTRYPOINT"))[11:]) == [
        "snapbook"
    ]
    assert "EXPOSE 8844" in lines
    assert "USER 10001" in lines
    assert any("[registry]" in line for line in lines)


def test_the_compose_file():
    (found,) = read(DEPLOY / "compose.yaml")
    service = found["services"]["registry"]
    options = asked(service["command"])
    volume, _, mounted = service["volumes"][0].partition(":")
    assert volume in found["volumes"]
    assert Path(options.folder).is_relative_to(mounted)
    host, outer, inner = service["ports"][0].split(":")
    assert (host, outer, inner) == ("127.0.0.1", options.port, options.port)
    # Inside of the container it has to listen for who comes from outside of it.
    assert options.host == "0.0.0.0"
    probe = service["healthcheck"]["test"]
    assert f":{options.port}{OPEN[1]}" in probe[-1]
    compile(probe[-1], "probe", "exec")
    assert (DEPLOY / service["build"]["context"]).resolve() == DEPLOY.parent
    assert (DEPLOY.parent / service["build"]["dockerfile"]).exists()


def test_the_unit():
    text = (DEPLOY / "snapbook-registry.service").read_text("utf-8")
    fields = dict(
        line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#"
    )
    program, *words = shlex.split(fields["ExecStart"])
    options = asked(words)
    assert Path(program).name == "snapbook"
    state = Path("/var/lib") / fields["StateDirectory"]
    assert Path(options.folder).is_relative_to(state)
    assert Path(fields["Environment"].split("=", 1)[1]).is_relative_to(state)
    assert options.host == "127.0.0.1"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_unit(tmp_path):
    text = (DEPLOY / "snapbook-registry.service").read_text("utf-8")
    unit = tmp_path / "snapbook-registry.service"
    # It looks whether the program is there.
    unit.write_text(text.replace("/usr/local/bin/snapbook", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if "snapbook" in line] == []
    # And it would say so.
    unit.write_text(text.replace("ProtectSystem=strict", "ProtectSystem=perhaps"))
    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Failed to parse" in told.stderr


def test_the_kustomization():
    (root,) = read(KUBERNETES / "kustomization.yaml")
    assert {*root["resources"], "kustomization.yaml"} == {
        path.name for path in KUBERNETES.iterdir()
    }
    given = dict(pair.split("=", 1) for pair in root["configMapGenerator"][0]["literals"])
    (deployment,) = read(KUBERNETES / "deployment.yaml")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    words = [_filled(word, given) for word in container["args"]]
    options = asked(words)
    assert (options.database, options.store) == (given["DATABASE"], given["STORE"])
    assert str(container["ports"][0]["containerPort"]) == options.port
    probes = [container[name]["httpGet"] for name in ("livenessProbe", "readinessProbe")]
    assert tuple(probe["path"] for probe in probes) == OPEN
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert Path(options.folder).is_relative_to(mounts["data"])
    assert {volume["name"] for volume in pod["volumes"]} == set(mounts)
    assert str(pod["securityContext"]["runAsUser"]) in (DEPLOY / "Dockerfile").read_text("utf-8")
    (service,) = read(KUBERNETES / "service.yaml")
    names = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in service["spec"]["ports"]} <= names
    assert {probe["port"] for probe in probes} <= names
    (named,) = root["images"]
    assert container["image"] == named["name"]
    # More servers than one share what they keep.
    assert deployment["spec"]["replicas"] > 1


def _filled(word, given):
    return given[word[2:-1]] if word.startswith("$(") else word


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl here")
def test_kustomize_builds_it():
    done = subprocess.run(
        ["kubectl", "kustomize", str(KUBERNETES)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    made = {found["kind"]: found for found in yaml.safe_load_all(done.stdout)}
    assert set(made) == {"ConfigMap", "Deployment", "Service", "PodDisruptionBudget"}
    labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        made["Deployment"]["spec"]["selector"]["matchLabels"],
        made["Service"]["spec"]["selector"],
        made["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    config = made["ConfigMap"]["metadata"]["name"]
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"][0]["configMapRef"]["name"] == config
