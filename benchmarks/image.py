"""An image of 150 MB: built out of a version, from uv's warm cache, and pushed on loopback.

Everything is timed that `snapbook export --to oci://...` does: the bundle, the packages, the
layers, and sending them to a registry that has none of it. Three builds have to have one digest, or
there are no rows. Beside it buildah makes the same image of the same files and pushes it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from rows import row

TESTS = Path(__file__).resolve().parent.parent / "tests"
BUILDS = 3
SIZE = 150 * 1000 * 1000
NAME = "image of 150 MB, built and pushed"

TRAINED = """
import sys

import numpy as np
import pandas as pd

import snapbook


class Scores:
    def __init__(self, count):
        self.weights = np.random.default_rng(0).random(count)

    def predict(self, rows):
        return (rows["age"].to_numpy() * self.weights[0] > 20).astype(int)


X_train = pd.DataFrame({"age": np.arange(100), "income": np.arange(100) / 3})
churn = Scores(int(sys.argv[1]) // 8)
snapbook.save(churn, "churn", data={"X_train": X_train})
"""


def main() -> None:
    """Print the rows."""
    sys.path += [str(TESTS), str(TESTS / "export")]
    import stores

    buildah = shutil.which("buildah")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SNAPBOOK_CONFIG"] = str(folder / "config")
        os.chdir(folder)
        with stores.registry(folder / "registry") as host:
            _base(host)
            (folder / "train.py").write_text(TRAINED)
            _trained(0)
            size = _built(f"oci://{host}/warm/churn", host)[2]  # of packages, mostly
            shutil.rmtree(folder / ".snapbook")
            _trained(SIZE - size)
            found = [_built(f"oci://{host}/build{n}/churn", host) for n in range(BUILDS)]
            assert len({digest for _, digest, _ in found}) == 1, "one version, several digests"
            assert abs(found[0][2] - SIZE) < SIZE / 50, found
            ours = median(seconds for seconds, _, _ in found)
            row(NAME, ours, 5.0, "a limit of 5 s")
            if buildah:
                said = subprocess.run([buildah, "--version"], capture_output=True, text=True)
                peer = f"buildah {said.stdout.split()[2]}"
                row(f"{NAME}, beside buildah", ours, _theirs(buildah, host, folder), peer)


def _trained(count: int) -> None:
    command = [sys.executable, "train.py", str(count)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _base(host: str) -> None:
    """A base with a Python that it tells of, and hardly a byte: it is not what is measured."""
    from snapbook import canonical
    from snapbook.export import image
    from snapbook.export.address import address
    from snapbook.export.artifact import artifact
    from snapbook.export.distribution import Registry
    from snapbook.export.files import whole
    from snapbook.export.layer import blob, layer
    from snapbook.export.push import push

    lowest = layer([whole("etc/os-release", b"ID=none\n")])
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Env": [f"PYTHON_VERSION={sys.version.split()[0]}"]},
        "rootfs": {"type": "layers", "diff_ids": [lowest.digest]},
    }
    made = artifact(blob(image.CONFIG, canonical.encode(config)), (lowest,), {})
    with Registry(host) as registry:
        push(registry, address(f"{host}/base:1"), made, lambda _: None)


def _built(to: str, host: str) -> tuple[float, str, int]:
    """Seconds, digest and bytes of one export to ``to``."""
    from snapbook import verbs

    begun = time.perf_counter()
    done = verbs.export("churn", to=to, base=f"{host}/base:1", offline=True, no_sample=True)
    return time.perf_counter() - begun, str(done.data["digest"]), int(done.data["bytes"])


def _theirs(buildah: str, host: str, folder: Path) -> float:
    """The median seconds that buildah takes for the files of our layers, without packing them."""
    store = folder / "engine"
    words = [buildah, "--root", str(store / "root"), "--runroot", str(store / "run"),
             "--storage-driver", "vfs"]  # fmt: skip
    context = folder / "context"
    context.mkdir()
    subprocess.run([*words, "pull", "--tls-verify=false", f"{host}/build0/churn:0.1.0"],
                   check=True, capture_output=True)  # fmt: skip
    made = subprocess.run([*words, "from", f"{host}/build0/churn:0.1.0"], check=True,
                          capture_output=True, text=True).stdout.strip()  # fmt: skip
    mounted = subprocess.run([*words, "mount", made], check=True, capture_output=True, text=True)
    shutil.copytree(Path(mounted.stdout.strip()) / "opt" / "snapbook", context / "snapbook")
    (context / "Containerfile").write_text(
        f"FROM {host}/base:1\nCOPY snapbook/lib /opt/snapbook/lib\n"
        "COPY snapbook/bundle /opt/snapbook/bundle\nUSER 10001:10001\n"
    )
    flags = ("--isolation", "chroot", "--tls-verify=false", "--no-cache")
    taken = []
    for n in range(BUILDS):
        tag = f"{host}/theirs{n}/churn:1"
        begun = time.perf_counter()
        subprocess.run([*words, "build", *flags, "--tag", tag, str(context)],
                       check=True, capture_output=True)  # fmt: skip
        subprocess.run([*words, "push", "--tls-verify=false", "--disable-compression", tag],
                       check=True, capture_output=True)  # fmt: skip
        taken.append(time.perf_counter() - begun)
    subprocess.run([*words, "rm", "--all"], check=True, capture_output=True)
    subprocess.run([*words, "rmi", "--all", "--force"], check=True, capture_output=True)
    return median(taken)


if __name__ == "__main__":
    main()
