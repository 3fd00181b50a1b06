"""The docs agree with the table of verbs, and every name in them is a real one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import kernels

from snapbook.display.errors import _DAILY
from snapbook.magics.names import DAILY
from snapbook.settings import SETTINGS
from snapbook.verbs import ALIASES, VERBS, manual

ROOT = Path(__file__).resolve().parents[2]


def test_docs_are_made_from_the_table(tmp_path):
    done = subprocess.run(
        [sys.executable, "scripts/docs.py", "--check"],
        cwd=ROOT,
        env=kernels.environment_of(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_every_verb_magic_setting_and_exit_code_is_in_the_docs():
    cli = (ROOT / "docs/cli.md").read_text()
    magics = (ROOT / "docs/magics.md").read_text()
    for name in VERBS:
        assert f"### {name}\n" in cli
        assert f"`%snapbook {name}`" in magics
    for name in DAILY:
        assert f"`%{name}`" in magics
    for name in SETTINGS:
        assert f"`{name}`" in cli
    from snapbook import errors

    codes = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SnapbookError)
    }
    for code in codes:
        assert f"| {code} |" in cli


def test_names_that_stand_twice_agree():
    assert {name: verb.name for verb in VERBS.values() for name in verb.magic} == DAILY
    assert set(_DAILY) == set(DAILY.values())
    assert set(ALIASES.values()) <= set(VERBS)


def test_manual_fits_and_names_every_option():
    for verb in VERBS.values():
        lines = manual.page(verb, "%snapbook")
        assert max(map(len, lines)) <= 100
        text = "\n".join(lines)
        for argument in verb.all:
            for name in argument.names:
                assert not name.startswith("-") or name in text


def test_readme_and_docs_name_what_exists():
    known = {"load_ext", "snapbook", "unload_ext", "time", "timeit", "capture", *DAILY}
    for path in (ROOT / "README.md", ROOT / "docs/magics.md", ROOT / "docs/cli.md"):
        text = path.read_text()
        for magic in re.findall(r"(?<![\w%])%{1,2}(\w+)", text):
            assert magic in known, (path.name, magic)
        for verb in re.findall(r"(?:`|^    )%?snapbook ([a-z-]+)", text, re.MULTILINE):
            assert verb in VERBS, (path.name, verb)
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        if target != "benchmarks/results.md":
            assert (ROOT / target).exists(), target


def test_no_module_takes_the_place_of_a_verb():
    """`snapbook.diff` and `snapbook.verbs.status` must stay functions, whatever was imported."""
    import snapbook

    modules = {path.stem for path in (ROOT / "src/snapbook").iterdir()}
    assert not modules & set(snapbook.__all__)
    inside = {path.stem for path in (ROOT / "src/snapbook/verbs").iterdir()}
    assert not inside & {name.replace("-", "_") for name in VERBS}


def test_the_light_paths_stay_light(tmp_path):
    """What a short command and loading the extension import."""
    heavy = "{'numpy', 'pandas', 'cryptography', 'rich', 'sklearn', 'pyarrow', 'cloudpickle'}"
    for act in (
        "from snapbook.cli import main; main(['list']); main(['status'])",
        "from IPython.core.interactiveshell import InteractiveShell as S;"
        " S.instance().run_cell('%load_ext snapbook', store_history=True)",
    ):
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; {act}; print({heavy} & set(sys.modules))"],
            cwd=tmp_path,
            env=kernels.environment_of(tmp_path, IPYTHONDIR=str(tmp_path / "ipython")),
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "set()", act
