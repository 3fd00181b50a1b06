"""An image without an engine: its layers, its base, its configuration, and where it is written."""

import gzip
import hashlib
import io
import json
import os
import tarfile

import leaving
import pytest

from snapbook import canonical, verbs
from snapbook.errors import BadOption, Conflict, Damaged, NotFound, Refused, Untrusted
from snapbook.export import address, image, installed, layout, ours
from snapbook.export.artifact import artifact
from snapbook.export.base import base
from snapbook.export.files import whole
from snapbook.export.layer import Blob, blob, layer
from snapbook.serve.load import open_bundle


@pytest.fixture
def project(tmp_path, monkeypatch):
    with leaving.project(tmp_path, monkeypatch) as here:
        yield here


def small(python="3.11", machine="amd64", **config):
    """A base of one file."""
    lowest = layer([whole("etc/os-release", b"ID=small\n")])
    told = {"os": "linux", "architecture": machine,
            "config": {"Env": [f"PYTHON_VERSION={python}.9"], "User": "root",
                       "Entrypoint": ["/bin/sh"], "Labels": {"of": "base"}, **config},
            "rootfs": {"type": "layers", "diff_ids": [lowest.digest]}}  # fmt: skip
    return artifact(blob(image.CONFIG, canonical.encode(told)), (lowest,), {})


def placed(made, folder, packed=False):
    if not packed:
        folder.mkdir()
    layout.write(made, "base", folder, packed=packed, done=lambda _: None)
    return folder


def bundled(project, tmp_path, **more):
    rows, target = leaving.numbers()
    leaving.save(project, leaving.forest(rows, target), {"X": (rows, "train")}, **more)
    verbs.export("churn", to="bundle", output="bundle", no_sample=True)
    return tmp_path / "bundle"


def packages(folder, name="lib"):
    """What uv would have installed."""
    lib = folder / name
    found = {
        "pkg/__init__.py": "X = 1\n",
        "pkg/lib.so": "ELF",
        "pkg/__pycache__/x.pyc": "x",
        "bin/f2py": f"#!/{name}/python\n",
        ".lock": "",
        "pkg-1.dist-info/RECORD": f"pkg/lib.so,,\n../../bin/f2py,{name},1\npkg/__init__.py,,\n",
    }
    for path, text in found.items():
        (lib / path).parent.mkdir(parents=True, exist_ok=True)
        (lib / path).write_text(text)
    (lib / "pkg" / "lib.so").chmod(0o755)
    return lib


def contents(one):
    """The archive that a layer is."""
    return tarfile.open(fileobj=io.BytesIO(b"".join(one.read())))


def test_a_layer_is_the_same_bytes_whatever_the_order_and_the_clock(tmp_path):
    names = ["b/c/deep.txt", "a.txt", f"long/{'x' * 120}/{'y' * 90}.txt", "ä/ö.txt"]
    files = [whole(name, name.encode()) for name in names]
    one = layer(files, frozenset({"a.txt"}))
    assert layer(reversed(files), frozenset({"a.txt"})).digest == one.digest
    data = b"".join(one.read())
    assert one.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert (one.size, len(data) % 512) == (len(data), 0)
    with contents(one) as archive:
        found = archive.getmembers()
    assert [member.name for member in found if member.isfile()] == sorted(names)
    assert {(m.mtime, m.uid, m.gid, m.uname) for m in found} == {(0, 0, 0, "")}
    assert {m.name: m.mode for m in found}["a.txt"] == 0o755
    assert {m.mode for m in found if m.isdir()} == {0o755}
    assert {m.mode for m in found if m.isfile() and m.name != "a.txt"} == {0o644}


def test_packages_are_the_same_files_whoever_installed_them(tmp_path):
    lib = packages(tmp_path)
    found = {file.path: b"".join(file.read()) for file in installed.files(lib, "opt/lib")}
    assert set(found) == {"opt/lib/pkg/__init__.py", "opt/lib/pkg/lib.so",
                          "opt/lib/pkg-1.dist-info/RECORD"}  # fmt: skip
    assert found["opt/lib/pkg-1.dist-info/RECORD"] == b"pkg/__init__.py,,\npkg/lib.so,,\n"
    assert "opt/lib/pkg/lib.so" in installed.programs(lib, "opt/lib")


def test_ours_is_what_serving_needs_and_no_more():
    found = {file.path for file in ours.files("lib")}
    assert {"lib/snapbook/__init__.py", "lib/snapbook/serve/start.py", "lib/snapbook/errors.py",
            "lib/snapbook/flavors/registry.py", "lib/snapbook/process.py"} <= found  # fmt: skip
    rooms = {path.split("/")[2] for path in found}
    assert not rooms & {"catalog", "registry", "verbs", "parts", "export", "labextension", "cli.py"}
    assert any(path.endswith(".dist-info/METADATA") for path in found)


def test_an_image_is_the_same_digest_each_time(project, tmp_path):
    bundle = bundled(project, tmp_path, key=leaving.own_key())
    opened = open_bundle(bundle)
    found = base(layout.Layout(placed(small(), tmp_path / "base")), "", "amd64")
    one = image.image(opened, bundle, packages(tmp_path), found)
    for path in bundle.rglob("*"):
        os.utime(path, (1, 10**9))
    two = image.image(opened, bundle, packages(tmp_path, "other"), found)
    assert two.digest == one.digest
    manifest = json.loads(b"".join(one.manifest.read()))
    assert manifest["layers"][0]["digest"] == found.layers[0].digest
    assert manifest["annotations"]["snapbook.ref"] == "churn:0.1.0"
    assert manifest["annotations"]["org.opencontainers.image.base.digest"] == found.digest
    told = json.loads(b"".join(one.blobs[0].read()))
    assert told["rootfs"]["diff_ids"] == [entry["digest"] for entry in manifest["layers"]]
    run = told["config"]
    assert run["User"] == "10001:10001"
    assert run["Entrypoint"] == [
        "/opt/snapbook/bin/snapbook-serve", "/opt/snapbook/bundle", "--host", "0.0.0.0",
        "--port", "8080", "--key", leaving.own_key().public,
    ]  # fmt: skip
    assert run["Labels"]["of"] == "base"
    assert run["Env"] == ["PYTHON_VERSION=3.11.9"]
    assert str(tmp_path) not in json.dumps([told, manifest])
    with contents(one.blobs[-1]) as archive:
        inner = {m.name.removeprefix("opt/snapbook/bundle/") for m in archive if m.isfile()}
    assert inner == {*opened.facts["files"], "bundle.json"}


def test_a_version_with_the_same_lock_shares_all_layers_but_one(project, tmp_path):
    rows, target = leaving.numbers()
    found = base(layout.Layout(placed(small(), tmp_path / "base")), "", "amd64")
    lib, made = packages(tmp_path), []
    for name, count in (("one", 50), ("two", 60)):
        fitted = leaving.forest(rows.head(count), target.head(count))
        leaving.save(project, fitted, {"X": (rows.head(count), "train")})
        verbs.export("churn", to="bundle", output=name, no_sample=True)
        made.append(image.image(open_bundle(tmp_path / name), tmp_path / name, lib, found))
    one, two = ([blob.digest for blob in each.blobs[1:]] for each in made)
    assert one[:-1] == two[:-1]
    assert one[-1] != two[-1]


def test_a_layout_is_read_as_it_was_written(tmp_path):
    made = small()
    for target in (placed(made, tmp_path / "folder"), placed(made, tmp_path / "base.tar", True)):
        found = base(layout.Layout(target), "", "amd64")
        assert (found.digest, found.python, found.architecture) == (made.digest, "3.11", "x86_64")
        assert b"".join(found.layers[0].read()) == b"".join(made.blobs[1].read())


def test_a_base_that_was_changed_is_found(tmp_path):
    made = small()
    folder = placed(made, tmp_path / "base")
    path = folder / "blobs" / made.blobs[1].digest.replace(":", "/")
    path.write_bytes(path.read_bytes().replace(b"ID=small", b"ID=other"))
    found = base(layout.Layout(folder), "", "amd64")
    with pytest.raises(Damaged, match="has other bytes"):
        list(found.layers[0].read())
    path = folder / "blobs" / made.blobs[0].digest.replace(":", "/")
    path.write_bytes(path.read_bytes().replace(b"root", b"toor"))
    with pytest.raises(Damaged, match="has other bytes"):
        base(layout.Layout(folder), "", "amd64")
    with pytest.raises(NotFound, match="is no layout of an image"):
        layout.Layout(tmp_path)


class Several:
    """An index of images for several machines, of Docker's media types, packed."""

    def __init__(self, **change):
        packed = gzip.compress(b"".join(layer([whole("a", b"a")]).read()), mtime=0)
        self.layer = blob("application/vnd.docker.image.rootfs.diff.tar.gzip", packed)
        self.blobs, entries = {}, []
        for machine in ("arm64", "amd64"):
            told = {"os": "linux", "architecture": machine, "rootfs": {"diff_ids": ["sha256:a"]}}
            config = blob("x", canonical.encode(told))
            self.blobs[config.digest] = b"".join(config.read())
            each = artifact(config, [Blob(**{**vars_of(self.layer), **change})], {}).manifest
            self.blobs[each.digest] = b"".join(each.read())
            platform = {"os": "linux", "architecture": machine}
            entries.append({"digest": each.digest, "platform": platform})
        self.index = canonical.encode({"manifests": entries})

    def manifest(self, digest=""):
        return self.blobs[digest] if digest else self.index

    def document(self, digest):
        return self.blobs[digest]

    def blob(self, described, media):
        return Blob(media, described["digest"], described["size"], self.layer.read)


def vars_of(one):
    return {name: getattr(one, name) for name in ("media", "digest", "size", "read", "origin")}


def test_of_several_machines_the_one_that_is_meant_is_taken():
    found = base(Several(), "docker.io/library/python:3.11", "arm64")
    assert (found.config["architecture"], found.architecture) == ("arm64", "aarch64")
    assert found.layers[0].media == "application/vnd.oci.image.layer.v1.tar+gzip"
    assert found.python == ""
    with pytest.raises(NotFound, match="no image for linux/s390x"):
        base(Several(), "", "s390x")
    with pytest.raises(Refused, match="of a kind that is not known"):
        base(Several(media="application/x-foreign"), "", "amd64")


def test_addresses_are_read_as_tools_of_containers_write_them():
    parts = {
        "python": ("docker.io", "library/python", "", ""),
        "team/churn:1": ("docker.io", "team/churn", "1", ""),
        "r.example.com/a/b/c:1.4.0": ("r.example.com", "a/b/c", "1.4.0", ""),
        "localhost/churn": ("localhost", "churn", "", ""),
        "127.0.0.1:5000/churn:x": ("127.0.0.1:5000", "churn", "x", ""),
        f"r.io/churn:1@sha256:{'a' * 64}": ("r.io", "churn", "1", f"sha256:{'a' * 64}"),
    }
    for text, (host, name, tag, digest) in parts.items():
        assert address.address(text) == address.Address(host, name, tag, digest)
    for text in ("", "Churn", "r.io/Churn", "r.io/../x", "r.io/a b", "r.io/x@sha256:a",
                 "r.io:99x/churn", "r.io/churn:a:b", "user:pw@r.io/churn"):  # fmt: skip
        with pytest.raises(BadOption, match="No image can be called"):
            address.address(text)
    for text in (
        "eve:SECRET@r.io/churn",
        "eve:SE/CR@ET@r.io/churn",
        "eve:SECRET@r.io/churn@sha256:a",
    ):
        with pytest.raises(BadOption, match=r"No image can be called '…@r\.io/churn") as told:
            address.address(text)
        assert "docker login" in told.value.act
    with pytest.raises(BadOption, match="names no registry"):
        address.named("oci://team/churn:1", "oci")
    assert str(address.named("oci://r.io/churn", "oci").tagged("1.4.0")) == "r.io/churn:1.4.0"


def test_what_an_export_cannot_mean_is_refused(project, tmp_path):
    bundled(project, tmp_path, key=leaving.own_key())
    for named, why in (
        ({"to": "oci://r.io/churn:1", "output": "x"}, "-o is for another place"),
        ({"to": f"oci://r.io/churn@sha256:{'a' * 64}"}, "sent to a tag"),
        ({"to": "docker://r.io/churn"}, "--to cannot be docker://"),
        (
            {"to": "docker", "output": "x", "with_wheels": True, "offline": True},
            "without --offline",
        ),
    ):
        with pytest.raises(BadOption, match=why):
            verbs.export("churn", no_sample=True, **named)
    assert not (tmp_path / "x").exists()


def test_an_image_of_a_stranger_is_not_made(project, tmp_path):
    leaving.save(project, leaving.duck(), {"X": (leaving.numbers()[0], "train")},
                 key=leaving.signing.new())  # fmt: skip
    for to in ("docker", "oci"):
        with pytest.raises(Untrusted):
            verbs.export("churn", to=to, output="x", base="nowhere", no_sample=True)
    assert not (tmp_path / "x").exists()


def test_a_base_with_another_python_is_refused(project, tmp_path):
    bundled(project, tmp_path, key=leaving.own_key())
    placed(small("3.7"), tmp_path / "base")
    with pytest.raises(Refused, match=r"the base has Python 3\.7, churn:0\.1\.0 needs 3\."):
        verbs.export("churn", to="oci", output="x", base="base", no_sample=True)


def test_what_an_image_is_built_from(project, tmp_path):
    bundled(
        project, tmp_path, key=leaving.own_key(), packages={"numpy": "2.0.0", "pandas": "2.2.0"}
    )
    before = os.umask(0o077)
    try:
        done = verbs.export("churn", to="docker", output="out", base="r.io/python:3.11",
                            offline=True, no_sample=True)  # fmt: skip
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "out").rglob("*")}
    assert modes == {0o644, 0o755}
    assert (
        done.lines[1] == "wrote out: build it with buildah, podman or docker, on r.io/python:3.11"
    )
    text = (tmp_path / "out" / "Containerfile").read_text()
    assert text.count("FROM r.io/python:3.11") == 2
    assert "USER 10001:10001\n" in text
    assert f'"--key", "{leaving.own_key().public}"' in text
    assert "://" not in text
    assert open_bundle(tmp_path / "out" / "bundle").check()
    assert (tmp_path / "out" / "snapbook" / "lib" / "snapbook" / "serve" / "start.py").is_file()
    with pytest.raises(Conflict, match="out is there already"):
        verbs.export("churn", to="docker", output="out", offline=True, no_sample=True)


def test_a_modelpack_keeps_to_its_specification(project, tmp_path):
    bundled(project, tmp_path)
    done = verbs.export("churn", to="modelpack", output="out", no_sample=True)
    index = json.loads((tmp_path / "out" / "index.json").read_bytes())
    (entry,) = index["manifests"]
    assert entry["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert entry["annotations"] == {"org.opencontainers.image.ref.name": "0.1.0"}
    assert (tmp_path / "out" / "oci-layout").read_bytes() == b'{"imageLayoutVersion":"1.0.0"}'

    def read(digest):
        data = (tmp_path / "out" / "blobs" / digest.replace(":", "/")).read_bytes()
        assert f"sha256:{hashlib.sha256(data).hexdigest()}" == digest
        return data

    assert entry["digest"] == done.data["digest"]
    manifest = json.loads(read(entry["digest"]))
    config = json.loads(read(manifest["config"]["digest"]))
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    digests = [one["digest"] for one in manifest["layers"]]
    assert config["modelfs"] == {"type": "layers", "diffIds": digests}
    assert config["descriptor"]["name"] == "churn"
    assert config["config"]["format"] == "joblib"
    kinds = {one["annotations"]["org.cncf.model.filepath"]: one["mediaType"].split(".", 3)[3]
             for one in manifest["layers"]}  # fmt: skip
    assert kinds["model/model.joblib"] == "weight.v1.raw"
    assert kinds["card.md"] == "doc.v1.raw"
    assert kinds["bundle.json"] == "weight.config.v1.raw"
    names = {
        *json.loads((tmp_path / "bundle" / "bundle.json").read_bytes())["files"],
        "bundle.json",
    }
    assert set(kinds) == names
    for one in manifest["layers"]:
        name = one["annotations"]["org.opencontainers.image.title"]
        assert read(one["digest"]) == (tmp_path / "bundle" / name).read_bytes()
