"""Every verb through every face: magic, command line, Python; what it does and leaves alone."""

from __future__ import annotations

import json
import re

import answered
import kernels
import pytest
from stump import MODEL, fit

from snapbook import places, refs
from snapbook.verbs import VERBS

pytestmark = pytest.mark.slow

# Words with which each verb does something in a project with churn:0.1.0 and churn:0.2.0.
WORDS = {
    "save": "churn --dry-run",
    "list": "churn",
    "show": "churn:0.1.0",
    "lineage": "churn",
    "diff": "churn",
    "restore": "churn:0.1.0 --dry-run",
    "tag": "churn:0.1.0 team=risk",
    "note": "churn:0.1.0 looked at",
    "rename": "churn chorn --dry-run",
    "delete": "churn:0.1.0 --dry-run",
    "hold": "churn:0.2.0 --reason audit",
    "verify": "",
    "gc": "--dry-run",
    "audit": "export",
    "status": "",
    "init": "",
    "config": "card",
    "key": "",
    "trust": "churn:0.1.0",
    "auto": "off",
    "autoload": "on --dry-run",
    "export": "churn:0.1.0 --to env",
    "registry": "add team {shared}",
    "login": "team",
    "policy": "churn policy.toml",
    "promote": "churn:0.1.0 staging",
    "rollback": "churn staging --dry-run",
    "deploy": "churn:0.2.0 --shadow --alias staging",
    "pause": "churn staging",
    "resume": "churn staging",
    "request": "churn:0.2.0 production",
    "approve": "churn:0.2.0 production",
    "reject": "churn:0.2.0 production --reason early",
    "judge": "churn:0.2.0 production",
    "review": "churn",
    "watch": "churn --timeout 0",
    "push": "churn:0.1.0 --yes",
    "pull": "team::churn:0.1.0",
    "sync": "churn",
    "clone": "team --folder {copy}",
    "bundle": "check {bundle} --here",
    "card": "churn:0.1.0",
    "serve": "churn:0.1.0 --port 0",
    "predict": "churn:0.1.0 rows.csv",
    "monitor": "churn:0.1.0",
    "bug-report": "",
    "help": "show",
}
# They answer until they are interrupted, or last long, so kernels are told where to go.
FROM_A_SHELL = {
    "serve": "snapbook serve churn:0.1.0",
    "predict": "snapbook predict churn:0.1.0 rows.csv",
}


def words_in(project):
    """`WORDS` for a project, beside which a registry is a folder."""
    places = {"shared": (project.parent / "shared").as_uri(), "copy": project.parent / "copy",
              "bundle": project.parent / "bundle"}  # fmt: skip
    return {name: words.format(**places) for name, words in WORDS.items()}


def two(notebook):
    for depth in (1, 2):
        assert notebook.cell(fit(depth)).status == "ok"
    return notebook


def promotable(notebook, project):
    """Two versions, one of them in staging, one a bundle, and a policy by which one may approve
    one's own.
    """
    two(notebook)
    there = project.parent / "bundle"
    assert not is_error(notebook.cell(f"%snapbook export churn:0.1.0 --to bundle -o {there}"))
    (project / "policy.toml").write_text("[production]\nauthor_may_approve = true\n")
    assert notebook.cell("%snapbook promote churn:0.2.0 staging").card.startswith(
        "staging of churn"
    )
    with places.open_folder(project / ".snapbook") as repository:
        answered.log(project / "snapbook-log", repository.resolve(refs.parse("churn:0.1.0")))


def is_error(ran):
    return "border-left" in ran.html


def test_every_verb_in_the_kernel(notebook, project):
    promotable(notebook, project)
    assert set(WORDS) == set(VERBS)
    for name, words in words_in(project).items():
        said = notebook.cell(f"%snapbook {name} {words}")
        assert said.status == "ok", name
        if name in FROM_A_SHELL:
            assert said.card.endswith(f"from a shell. There: {FROM_A_SHELL[name]}"), said.card
            continue
        assert not is_error(said), (name, said.card)
        assert said.card, name
        as_json = notebook.cell(f"%snapbook {name} {words} --json")
        json.loads(as_json.card)
        helped = notebook.cell(f"%snapbook {name} -h")
        assert helped.card.startswith(f"usage: %snapbook {name}"), name
        for magic in VERBS[name].magic:
            if magic != "version_model":
                assert not is_error(notebook.cell(f"%{magic} {words}")), magic
    assert notebook.cell("%snapbook ls").card == notebook.cell("%versions").card
    assert notebook.cell("%snapbook where").card.startswith("repository")
    assert notebook.cell("%snapbook diff_versions churn").card.startswith("churn:0.1.0 -> churn")
    assert "lock" in notebook.cell("%snapbook export-env churn").card
    assert notebook.cell("%snapbook").card.startswith("repository")
    assert notebook.cell("%snapbook help").card.startswith("%snapbook VERB ARGS")


def test_every_verb_from_python(notebook, project):
    promotable(notebook, project)
    shared, copy = (project.parent / "shared").as_uri(), str(project.parent / "copy")
    calls = {
        "save": "'churn', dry_run=True",
        "list": "'churn', limit=1",
        "show": "'churn:0.1.0'",
        "lineage": "'churn'",
        "diff": "'churn:0.1.0', 'churn:0.2.0'",
        "restore": "'churn:0.1.0', as_='older'",
        "tag": "'churn', 'team=risk'",
        "note": "'churn', 'seen'",
        "rename": "'churn', 'chorn', dry_run=True",
        "delete": "'churn:0.1.0', dry_run=True",
        "hold": "'churn:0.2.0', reason='audit'",
        "verify": "",
        "gc": "dry_run=True",
        "audit": "",
        "status": "",
        "init": "",
        "config": "'card'",
        "key": "'export'",
        "trust": "'churn'",
        "auto": "'off'",
        "autoload": "'on', dry_run=True",
        "export": "'churn', to='env', output='locks'",
        "registry": f"'add', 'team', {shared!r}",
        "login": "'team'",
        "policy": "'churn', 'policy.toml'",
        "promote": "'churn:0.1.0', 'staging'",
        "rollback": "'churn', 'staging', dry_run=True",
        "deploy": "'churn:0.2.0', shadow=True, alias='staging'",
        "pause": "'churn', 'staging'",
        "resume": "'churn', 'staging'",
        "request": "'churn', 'production'",
        "approve": "'churn', 'production'",
        "reject": "'churn', 'production', reason='early'",
        "judge": "'churn', 'production'",
        "review": "'churn', alias='staging'",
        "watch": "'churn', timeout='0'",
        "push": "'churn', yes=True",
        "pull": "'churn:0.2.0', registry='team'",
        "sync": "",
        "clone": f"'team', folder={copy!r}",
        "bundle": f"'check', {str(project.parent / 'bundle')!r}, here=True",
        "card": "'churn', output='card.md'",
        "monitor": "'churn:0.1.0'",
        "bug-report": "",
        "help": "",
    }
    assert set(calls) == set(VERBS) - set(FROM_A_SHELL)
    notebook.cell("import snapbook")
    for name, arguments in calls.items():
        call = f"snapbook.verbs.{name.replace('-', '_')}({arguments})"
        ran = notebook.cell(f"value = {call}\ntype(value).__name__")
        assert ran.status == "ok", (call, ran.error)
        assert ran.value in {
            f"'{k}'" for k in ("Saved", "Listing", "Shown", "Compared", "Graph")
        } | {
            "'Restored'",
            "'Done'",
            "'Drawn'",
        }, call
    assert notebook.cell("older.depth, model.depth").value == "(1, 2)"
    roots = notebook.cell(
        "import snapbook\n"
        "[v.ref for v in snapbook.versions('churn')], snapbook.load('churn').depth,"
        " snapbook.diff('churn').new, snapbook.show('churn').version.ref,"
        " snapbook.save(model, 'other', metrics={'auc': 0.5}).version.ref,"
        " snapbook.tag('other', 'x').data['tags'], dir(snapbook)[:1],"
        " snapbook.open('.').resolve(__import__('snapbook.refs').refs.parse('churn~1')).ref"
    )
    assert roots.status == "ok", roots.error
    assert " ".join(roots.value.split()) == (
        "(['churn:0.2.0', 'churn:0.1.0'], 2, 'churn:0.2.0', 'churn:0.2.0', 'other:0.1.0',"
        " {'x': ''}, ['SnapbookError'], 'churn:0.1.0')"
    )


def test_every_verb_in_a_shell(notebook, commands, project):
    promotable(notebook, project)
    lines = {
        name: [name, *words.split()]
        for name, words in words_in(project).items()
        if name not in {"save", "auto", *FROM_A_SHELL}
    }
    lines["restore"] = ["restore", "churn:0.1.0", "--what", "cells"]
    for name, done in zip(lines, commands(list(lines.values())), strict=True):
        assert (done.returncode, done.stderr) == (0, ""), name
        assert done.stdout, name
        assert "\x1b" not in done.stdout
    # What answers without end is in tests/serve; the model here is a table, which predicts nothing.
    (served,) = commands([["serve", *words_in(project)["serve"].split()]])
    assert served.returncode == 2
    assert served.stderr.startswith("Not served")
    lines["restore"].append("--dry-run")
    for words, done in zip(
        lines.values(), commands([[*line, "--json"] for line in lines.values()]), strict=True
    ):
        assert done.stdout.count("\n") == 1, words
        json.loads(done.stdout)
    for name, done in zip(VERBS, commands([[name, "-h"] for name in VERBS]), strict=True):
        assert done.stdout.startswith(f"usage: snapbook {name}"), name
    assert (project / "churn-0.1.0.ipynb").exists()
    assert (project / "churn-0.1.0-env" / "pylock.toml").exists()


# --- restore --------------------------------------------------------------------------------------


def test_restore_looks_first_and_can_be_taken_back(notebook, project):
    two(notebook)
    notebook.cell("model = Stump(9).fit(X)\nX = [7.0]\nkept = model")
    preview = notebook.cell("%restore_version churn:0.1.0 --dry-run --what model,params")
    assert preview.card.splitlines()[:3] == [
        "would lose model: Stump, in no version",
        "would set model = Stump (depth 9 -> 1)",
        "would set params = 1 parameter",
    ]
    refused = notebook.cell("%restore_version churn:0.1.0")
    assert refused.card == (
        "Not restored: model (Stump) is in no version and would be replaced. --keep makes a"
        " version of it first, --yes replaces it: %restore_version churn:0.1.0 --keep"
    )
    assert notebook.cell("model is kept, 'params' in dir()").value == "(True, False)"
    assert "now in no version" in notebook.cell("%restore_version churn:0.1.0 --yes").card
    assert notebook.cell("model.depth").value == "1"
    notebook.cell("%restore_version --undo")
    assert notebook.cell("model is kept").value == "True"
    keeping = notebook.cell("%restore_version churn:0.1.0 --keep").card
    assert "which is kept as churn:0.3.0" in keeping
    assert notebook.cell("%restore_version churn:0.3.0").card.startswith("model = churn:0.3.0")
    assert notebook.cell("model.depth").value == "9"
    # Data, everything, another name, another kind.
    notebook.cell("import numpy as np\nA = np.arange(6.0)")
    notebook.cell("%%version_model churn\nmodel = Stump(3).fit(A)\nacc = model.score(A)")
    notebook.cell("A[0] = 99")
    assert notebook.cell("%restore_version churn --what data").card.endswith(
        "undo: %restore_version --undo      more: --what data | cells | all"
    )
    assert notebook.cell("A.tolist()[0]").value == "0.0"
    notebook.cell("%restore_version --undo")
    assert notebook.cell("A.tolist()[0]").value == "99.0"
    (project / "paper.txt").write_text("about trees")
    assert notebook.cell(fit(4, options="--attach paper.txt")).card.startswith("churn:0.5.0")
    everything = notebook.cell("%restore_version churn --what all")
    assert not is_error(everything), everything.card
    assert (project / "churn-0.5.0.ipynb").exists()
    assert [p.name for p in (project / "churn-0.5.0-files").iterdir()] == ["paper.txt"]
    assert notebook.cell("params").value == "{'depth': 4}"
    assert notebook.cell("%restore_version churn:0.1.0 --as 'no name'").card == (
        "--as no name is not a variable's name."
    )


def test_restore_is_all_or_nothing(notebook, project):
    """A part that is damaged: nothing is bound, no file is written, the reason is one line."""
    notebook.cell("import numpy as np\nA = np.random.default_rng(0).random(50_000)")
    notebook.cell("%%version_model churn\nmodel = Stump(3).fit(A)\nacc = model.score(A)")
    notebook.cell("del model, A")
    biggest = max((project / ".snapbook/packs").rglob("*"), key=lambda p: p.stat().st_size)
    data = bytearray(biggest.read_bytes())
    data[len(data) // 2] ^= 0xFF
    biggest.chmod(0o600)
    biggest.write_bytes(data)
    ran = notebook.cell("%restore_version churn --what all")
    assert is_error(ran)
    assert len(ran.card.splitlines()) == 1
    assert notebook.cell("'model' in dir(), 'A' in dir(), 'params' in dir()").value == (
        "(False, False, False)"
    )
    assert not list(project.glob("churn-*"))
    assert "of 1 versions are fine" in notebook.cell("%snapbook verify").card


def test_what_a_version_needs_is_told_before_it_loads(notebook, project):
    """A class from a module that is gone: one sentence with what to install; nothing changed."""
    (project / "xgbooster.py").write_text(
        "class Booster:\n    def fit(self, X):\n        self.n_ = 1\n        return self\n"
        "    def predict(self, X):\n        return X\n"
    )
    notebook.cell("import sys\nsys.path.insert(0, '')\nimport xgbooster")
    made = notebook.cell("%%version_model churn\nmodel = xgbooster.Booster().fit(X)")
    assert made.card.startswith("churn:0.1.0"), made.card
    (project / "xgbooster.py").unlink()
    notebook.cell(
        "import importlib\nmodel = before = None\ndel sys.modules['xgbooster'], xgbooster\n"
        "importlib.invalidate_caches()"
    )
    ran = notebook.cell("%restore_version churn")
    assert re.match(
        r"Not restored: (churn:0\.1\.0|model) needs the module xgbooster, absent here", ran.card
    )
    assert len(ran.card.splitlines()) == 1
    assert notebook.cell("model is None").value == "True"


def test_another_environment_is_told_before_anything_loads(notebook, tmp_path):
    """A package of another version: said first, and loaded; an absent one: what to install."""
    source = (
        "class Booster:\n    def fit(self, X):\n        self.n_ = 1\n        return self\n"
        "    def predict(self, X):\n        return X\n"
    )

    def installed(version):
        """The folder of an environment that has this version of the package."""
        packages = tmp_path / version
        info = packages / f"fakelib-{version}.dist-info"
        for folder in (packages / "fakelib", info):
            folder.mkdir(parents=True)
        (packages / "fakelib" / "__init__.py").write_text(f"__version__ = {version!r}\n{source}")
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: fakelib\nVersion: {version}\n"
        )
        (info / "RECORD").write_text("fakelib/__init__.py,,\n")
        return repr(str(packages))

    here = installed("1.4.2")
    notebook.cell(f"import sys\nsys.path.insert(0, {here})\nimport fakelib")
    made = notebook.cell("%%version_model churn\nmodel = fakelib.Booster().fit(X)")
    assert made.card.startswith("churn:0.1.0"), made.card
    notebook.cell(
        f"import importlib\nsys.path[0] = {installed('2.0.0')}\nmodel = None\n"
        "del sys.modules['fakelib'], fakelib\nimport fakelib"
    )
    ran = notebook.cell("%restore_version churn:0.1.0")
    assert ran.card.splitlines()[:2] == [
        "Here it differs: fakelib 2.0.0 here, 1.4.2 then: loads, results may differ",
        "model = churn:0.1.0 (Booster).",
    ], ran.card
    notebook.cell(
        "model = None\ndel sys.path[0], sys.modules['fakelib'], fakelib\n"
        "importlib.invalidate_caches()"
    )
    assert notebook.cell("%restore_version churn:0.1.0").card == (
        "Not restored: churn:0.1.0 needs fakelib, absent here (made with 1.4)."
        ' %pip install "fakelib==1.4.*", then again. Nothing was changed.'
    )
    assert notebook.cell("model is None").value == "True"


# --- other people ---------------------------------------------------------------------------------


def test_other_peoples_pickles_are_refused_until_trusted(notebook, project, tmp_path):
    notebook.cell("%snapbook config author someone@risk")
    two(notebook)
    notebook.cell(f"%env SNAPBOOK_CONFIG={tmp_path / 'another'}")
    ran = notebook.cell("before = model\n%restore_version churn:0.1.0")
    assert re.fullmatch(
        r"Not loaded: churn:0\.1\.0 is a pickle by someone@risk that imports [\w, ]+\."
        r" If you trust them for churn: %snapbook trust churn:0\.1\.0",
        ran.card,
    )
    assert notebook.cell("model is before").value == "True"
    for reading in ("%diff_version churn", "%show_version churn", "%snapbook verify"):
        assert not is_error(notebook.cell(reading)), "reading needs no trust"
    assert notebook.cell("%snapbook trust churn:0.1.0").card.startswith(
        "churn:0.1.0 by someone@risk may be loaded"
    )
    assert notebook.cell("%restore_version churn:0.1.0").card.startswith("model = churn:0.1.0")
    assert is_error(notebook.cell("%restore_version churn:0.2.0")), "one version, not all"
    notebook.cell("import snapbook")
    assert "Untrusted" in notebook.cell("snapbook.load('churn:0.2.0')").error
    # Renaming keeps what was trusted; a key is trusted for a model, and revoked.
    notebook.cell("%snapbook rename churn leaving")
    assert not is_error(notebook.cell("%restore_version churn:0.1.0 --yes"))
    assert is_error(notebook.cell("%restore_version leaving:0.2.0 --yes"))
    key = notebook.cell(
        f"%env SNAPBOOK_CONFIG={kernels.config_of(project)}\n%snapbook key export"
    ).card
    assert re.fullmatch("[0-9a-f]{64}", key)
    notebook.cell(f"%env SNAPBOOK_CONFIG={tmp_path / 'another'}")
    assert notebook.cell(f"%snapbook trust --key {key} churn").card == (
        f"{key[:16]} is trusted for churn"
    )
    assert not is_error(notebook.cell("%restore_version leaving:0.2.0 --yes"))
    assert notebook.cell(f"%snapbook key revoke {key[:8]}").card == (
        f"{key[:16]} is not trusted any more"
    )
    assert is_error(notebook.cell("%restore_version leaving:0.2.0 --yes"))


def test_a_rotated_key_keeps_ones_own_work(notebook):
    two(notebook)
    before = notebook.cell("%snapbook key").card
    assert notebook.cell("%snapbook key rotate").card.startswith("new key ")
    assert notebook.cell("%snapbook key").card != before
    assert notebook.cell("%restore_version churn:0.1.0").card.startswith("model = churn:0.1.0")
    assert notebook.cell(fit(3)).card.startswith("churn:0.3.0")


# --- names and words ------------------------------------------------------------------------------


def test_renamed_deleted_tagged_noted(notebook):
    two(notebook)
    assert notebook.cell("%snapbook rename churn leaving").card == (
        "churn is leaving now; churn still finds it"
    )
    assert notebook.cell("%show_version churn:0.1.0").card.startswith("leaving:0.1.0")
    assert notebook.cell(fit(3, "leaving")).card.startswith("leaving:0.3.0")
    assert notebook.cell("%tag_version leaving:0.2.0 @live team=risk").card == (
        "leaving:0.2.0: team=risk, @live"
    )
    notebook.cell("%tag_version leaving:0.3.0 @live")
    assert notebook.cell("%show_version churn@live~1").card.startswith(
        "churn@live~1 -> leaving:0.2.0"
    )
    assert is_error(notebook.cell("%snapbook delete leaving:0.3.0")), "an alias protects it"
    assert (
        notebook.cell("%tag_version leaving:0.2.0 --remove team").card == "leaving:0.2.0: no tags"
    )
    notebook.cell("%snapbook note leaving:0.2.0 good on Mondays")
    assert notebook.cell("%snapbook note leaving:0.2.0").card.endswith("good on Mondays")
    assert notebook.cell("%snapbook delete leaving:0.2.0").card.endswith(
        "leaving:0.2.0 is deleted; 0.2.0 is not used again"
    )
    assert notebook.cell("%show_version leaving:0.2.0").card == (
        "leaving:0.2.0 was deleted. All: %versions leaving"
    )
    assert notebook.cell(fit(4, "leaving")).card.startswith("leaving:0.4.0")
    assert notebook.cell("%version_model --undo").card == (
        "leaving:0.4.0 is taken back. `model` in the kernel is as it was."
    )
    assert notebook.cell(fit(5, "leaving")).card.startswith("leaving:0.5.0")


def test_settings(notebook, project):
    assert "data.max_store" in notebook.cell("%snapbook config").card
    assert notebook.cell("%snapbook config data.max_store '1 GB'").card == (
        "data.max_store = 1073741824"
    )
    assert "1073741824" in (kernels.config_of(project) / "settings.toml").read_text()
    notebook.cell("%env SNAPBOOK_DATA_MAX_STORE=2 MB")
    assert notebook.cell("%snapbook config data.max_store").card == "data.max_store = 2097152"
    notebook.cell("%env SNAPBOOK_DATA_MAX_STORE=many")
    wrong = notebook.cell("%snapbook config data.max_store")
    assert wrong.card == 'data.max_store cannot be "many". It takes a size such as 512 MB.'


def test_names_of_others_are_left_to_them(kernel, project):
    kernel.project(project, load=False)
    kernel.cell(
        "def theirs(line):\n    print('theirs', line)\n"
        "get_ipython().register_magic_function(theirs, 'line', 'versions')"
    )
    loaded = kernel.cell("%load_ext snapbook")
    assert loaded.stdout.startswith(
        "snapbook: %versions is taken by another extension; use %snapbook list\n"
    )
    assert kernel.cell("%versions x").stdout == "theirs x\n"
    assert kernel.cell("%snapbook list").card.startswith("No versions yet")
    kernel.cell("%unload_ext snapbook")
    assert kernel.cell("%versions x").stdout == "theirs x\n"
    assert "not found" in kernel.cell("%show_version").said
    kernel.cell("get_ipython().magics_manager.magics['line'].pop('versions')")


def test_autoload_takes_effect_in_a_new_kernel(project, shell, tmp_path):
    profile = tmp_path / "ipython"
    env = {"IPYTHONDIR": str(profile)}
    seen = shell("autoload", "on", "--dry-run", env=env)
    assert seen.returncode == 0
    assert not list(profile.rglob("ipython_config.py"))
    on = shell("autoload", "on", env=env)
    line = 'c.InteractiveShellApp.extensions.append("snapbook")  # snapbook autoload'
    config = profile / "profile_default" / "ipython_config.py"
    assert on.stdout == f"{line}\nadded to {config}\n"
    assert line in config.read_text()
    assert "is already in" in shell("autoload", "on", env=env).stdout
    assert config.read_text().count(line) == 1
    fresh = kernels.Kernel(project, **env)
    try:
        first = fresh.cell(MODEL)
        assert first.said.strip() == "", "loading by itself says nothing"
        assert fresh.cell(fit()).card.startswith("churn:0.1.0  first version")
    finally:
        fresh.stop()
    off = shell("autoload", "off", env=env)
    assert off.stdout == f"{line}\nremoved from {config}\n"
    assert line not in config.read_text()
    assert "is not in" in shell("autoload", "off", env=env).stdout


def test_auto_mode(notebook):
    assert notebook.cell("%version_model --auto on").card.startswith("auto: on.")
    for depth in (1, 2, 2):
        assert (
            notebook.cell(f"tree = Stump({depth}).fit(X)\nacc = tree.score(X)").said.strip() == ""
        )
    listed = notebook.cell("%versions").card.splitlines()
    assert [line.split()[0] for line in listed] == ["tree:0.2.0", "tree:0.1.0"]
    assert notebook.cell("%snapbook auto off").card == "auto: off"
    notebook.cell("tree = Stump(7).fit(X)")
    assert len(notebook.cell("%versions").card.splitlines()) == 2


@pytest.mark.parametrize("where", ["now", "churn now", "now churn:0.1.0"])
def test_diff_with_the_live_session(notebook, where):
    two(notebook)
    notebook.cell("model = Stump(5).fit(X)\naccuracy = model.score(X)")
    card = notebook.cell(f"%diff_version {where}").card
    assert " -> now" in card or "now -> " in card
    assert re.search(r"params +depth +(2 -> 5|5 -> 1)", card)
    assert len(notebook.cell("%versions").card.splitlines()) == 2, "nothing was made"


def test_diff_says_whether_it_was_another_notebook_and_counts_files(notebook, project):
    two(notebook)
    assert "notebook" not in notebook.cell("%diff_version churn").card, "nobody told of one"
    for name in ("train", "tune"):
        document = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (project / f"{name}.ipynb").write_text(json.dumps(document))
    for name in ("one", "two"):
        (project / f"{name}.txt").write_text(name)
    for depth, name in ((3, "train"), (4, "train"), (5, "tune")):
        notebook.cell(f"%env JPY_SESSION_NAME={project / name}.ipynb")
        made = notebook.cell(fit(depth, options="--attach one.txt two.txt")).card
        assert made.startswith("churn:0."), made
    notebook.cell("%env JPY_SESSION_NAME=")
    same = notebook.cell("%diff_version churn:0.3.0 churn:0.4.0").card.splitlines()
    assert same[0].endswith(" apart, same notebook")
    assert re.search(r"\b2 files\b", same[-1]), same[-1]
    assert notebook.cell("%diff_version churn").card.splitlines()[0].endswith(", other notebook")
    (project / "two.txt").write_text("three")
    notebook.cell(fit(6, options="--attach one.txt two.txt"))
    assert re.search(r"\b1 file\b", notebook.cell("%diff_version churn").card.splitlines()[-1])


def test_a_restored_model_is_the_version_it_came_from(notebook, project):
    """The cells in the log made another model than the one that a restore has bound since."""
    two(notebook)
    notebook.cell("%restore_version churn:0.1.0")
    assert notebook.cell("%version_model churn").card == "churn:0.1.0  unchanged"
    assert notebook.cell("%version_model churn --dry-run").card == "would be churn:0.1.0  unchanged"
    notebook.cell("model.depth = 5\nmodel.fit(X)")
    assert notebook.cell("%version_model churn").card.startswith("churn:0.3.0  ")
    notebook.cell("%restore_version churn:0.1.0")
    notebook.cell("%restore_version --undo")
    assert notebook.cell("%version_model churn").card == "churn:0.3.0  unchanged"
