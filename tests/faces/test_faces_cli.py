"""The command line as people meet it: a terminal, a pipe, a closed pipe, Tab, a full disk."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import time

import kernels
import pytest
from stump import fit

from snapbook.verbs import VERBS

pytestmark = pytest.mark.slow


@pytest.fixture
def versions(notebook):
    for depth in (1, 2):
        assert notebook.cell(fit(depth, options="--tag '[red]x=[/]'")).status in ("ok", "error")
    for depth in (1, 2):
        assert notebook.cell(fit(depth, options="--tag team=risk")).status == "ok"
    return notebook


def on_a_terminal(project, line, seconds=30):
    """What a person sees: the command in a pseudo terminal of 100 columns."""
    controller, terminal = pty.openpty()
    environment = kernels.environment_of(project, TERM="xterm-256color", COLUMNS="100")
    environment.pop("NO_COLOR", None)
    running = subprocess.Popen(
        ["bash", "-c", line],
        cwd=project,
        env=environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    seen = b""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            got = os.read(controller, 65536)
        except OSError:
            break
        if not got:
            break
        seen += got
    os.close(controller)
    return running.wait(timeout=5), seen.decode()


COMMAND = f"{shlex.quote(sys.executable)} -m snapbook"


def test_tables_on_a_terminal_and_plain_text_in_a_pipe(versions, project, shell):
    code, seen = on_a_terminal(project, f"{COMMAND} list")
    assert code == 0
    assert "\x1b[" in seen
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen)
    assert re.match(r"version +metrics +age +marks +message", plain)
    assert "churn:0.2.0" in plain
    piped = shell("list")
    assert "\x1b" not in piped.stdout
    assert piped.stdout.splitlines()[0].startswith("churn:0.2.0  accuracy 0.920")
    assert "#team=risk" in piped.stdout
    code, seen = on_a_terminal(project, f"{COMMAND} list | cat")
    assert "\x1b" not in seen
    code, seen = on_a_terminal(project, f"{COMMAND} list --json")
    json.loads(seen)
    code, seen = on_a_terminal(project, f"{COMMAND} show nosuch:1.0.0; echo code $?")
    assert "code 3" in seen
    assert "\x1b" not in seen


def test_a_progress_bar_only_past_a_second(versions, project):
    """verify is made slow from outside: it shows a bar then, and none when it is quick."""
    _, quick = on_a_terminal(project, f"{COMMAND} verify")
    assert quick.replace("\r\n", "\n").startswith("all is well")
    (project / "sitecustomize.py").write_text(
        "import time\nimport snapbook.verify as v\nreal = v.verify\n"
        "def slow(repository, only, progress):\n"
        "    for done in range(15):\n"
        "        progress('packs', done, 15)\n        time.sleep(0.1)\n"
        "    return real(repository, only, progress)\n"
        "v.verify = slow\n"
    )
    _, seen = on_a_terminal(project, f'PYTHONPATH="$PWD:$PYTHONPATH" {COMMAND} verify')
    assert "packs" in seen
    assert "━" in seen
    assert "all is well" in seen
    _, seen = on_a_terminal(project, f'PYTHONPATH="$PWD:$PYTHONPATH" {COMMAND} verify --json')
    json.loads(seen)


def test_a_closed_pipe_is_no_error(versions, project):
    line = f"set -o pipefail; {COMMAND} help | head -n 1; {COMMAND} list | true"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=project,
        env=kernels.environment_of(project, PYTHONUNBUFFERED="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "snapbook VERB ARGS          snapbook VERB --help\n"
    assert done.returncode == 0


def test_tab_completes_in_a_real_bash(versions, project, tmp_path):
    """Through bash's own completion, with the script that `register-python-argcomplete` prints."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "snapbook"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m snapbook "$@"\n')
    program.chmod(0o755)
    script = subprocess.run(
        [sys.executable, "-c", "import argcomplete as a; print(a.shellcode(['snapbook']))"],
        capture_output=True,
        text=True,
        check=True,
        env=kernels.environment_of(project),
    ).stdout

    def tab(line):
        words = line.split(" ")
        asked = (
            f"{script}\nCOMP_LINE={shlex.quote(line)}\nCOMP_POINT={len(line)}\n"
            f"COMP_WORDS=({' '.join(map(shlex.quote, words))})\nCOMP_CWORD={len(words) - 1}\n"
            "COMP_TYPE=9\nexport COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'\n"
            f"_python_argcomplete snapbook {shlex.quote(words[-1])} {shlex.quote(words[-2])}\n"
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        environment = kernels.environment_of(project)
        environment["PATH"] = f"{bin_folder}:{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-c", asked],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return {word.strip() for word in done.stdout.splitlines()} - {""}

    assert tab("snapbook re") == {name for name in VERBS if name.startswith("re")} > {"rename"}
    assert {"--what", "--undo", "--keep"} <= tab("snapbook restore --")
    assert tab("snapbook list ch") == {"churn"}
    assert {"0.1.0", "0.2.0"} <= {word.rpartition(":")[2] for word in tab("snapbook show churn:")}
    assert tab("snapbook diff --what en") == {"environment"}
    assert tab("snapbook export churn --to e") == {"env"}


def test_bare_and_version_and_options_first(versions, shell):
    bare = shell()
    assert bare.stdout.startswith("repository  ")
    assert "churn:0.2.0" in bare.stdout
    assert re.fullmatch(
        r"snapbook( \d+\.\d+\.\d+\S*|, run from its sources)\n", shell("--version").stdout
    )
    assert json.loads(shell("--json", "list", "-n", "1").stdout)["rows"][0]["model"] == "churn"
    assert json.loads(shell("--json").stdout)["newest"]["rows"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no mounts here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_is_one_line_and_the_hint_works(kernel, small_disk):
    from stump import MODEL

    kernel.project(small_disk / "project")
    kernel.cell(MODEL)
    assert kernel.cell(fit(1)).card.startswith("churn:0.1.0")
    kernel.cell("import numpy as np\nbig = np.random.default_rng(0).random(400_000)")
    ran = kernel.cell("%%version_model churn\nmodel = Stump(2).fit(big)\n'the result'")
    assert (ran.status, ran.value, ran.stderr) == ("ok", "'the result'", "")
    assert re.fullmatch(
        r"Not versioned: [\d.]+ [kM]B needed, [\d.]+ (bytes|kB|MB) free in \S+\."
        r" The cell's result is intact\. See what can go: %snapbook gc --dry-run",
        ran.card,
    ), ran.card
    assert kernel.cell("%snapbook gc --dry-run").card.startswith("would free")
    assert kernel.cell("%versions").card.startswith("churn:0.1.0")
    kernel.cell("import os\nos.chdir('/')")


def test_in_a_folder_that_is_gone(project):
    project.mkdir(parents=True)
    line = f"mkdir gone && cd gone && rmdir ../gone && {shlex.quote(sys.executable)} -m snapbook"
    for verb in ("", " list", " status --json", " save x"):
        done = subprocess.run(
            ["bash", "-c", line + verb],
            cwd=project,
            env=kernels.environment_of(project),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 6, verb
        assert "The folder you are in is gone" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
