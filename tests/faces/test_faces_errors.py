"""Mistake -> exact text in each face: one sentence, one act; and the act works when it is typed."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

import pytest
from stump import fit

pytestmark = pytest.mark.slow  # it waits for what runs beside it

PREPARE = (
    fit(1),
    fit(2),
    fit(3, "second"),
    "import snapbook",
)


@dataclass(frozen=True)
class Mistake:
    """One mistake. ``{}`` in ``text`` stands for the hint, ``hint`` are its verb and words.

    A face that cannot make the mistake has no words for it.
    """

    text: str
    hint: str = ""
    cell: str = ""
    shell: str = ""
    code: int = 2
    python: str = ""
    kind: str = "usage"


DAILY = {
    "save": "%version_model",
    "list": "%versions",
    "show": "%show_version",
    "diff": "%diff_version",
    "restore": "%restore_version",
    "tag": "%tag_version",
}

MISTAKES = {
    "nothing to undo": Mistake(
        "Nothing to undo: no restore was done in this kernel.",
        cell="%restore_version --undo",
        python="snapbook.verbs.restore(undo=True)",
        kind="no-undo",
    ),
    "two models": Mistake(
        "Not versioned: the cell made two models, rf and gb. Keep one without running again: {}",
        "save churn --model rf",
        cell="%%version_model churn\nrf = Stump(1).fit(X)\ngb = Stump(2).fit(X)",
        python="snapbook.verbs.save('churn')",
        kind="two-models",
    ),
    "no model at all": Mistake(
        "Not versioned: the cell bound no fitted model. Name one: --model VAR",
        cell="%%version_model churn\nprint()",
        kind="no-model",
    ),
    "no such variable": Mistake(
        "Not versioned: nothing is called modle (did you mean model?).",
        cell="%version_model churn --model modle",
        python="snapbook.verbs.save('churn', model='modle')",
        code=3,
        kind="no-variable",
    ),
    "unknown option": Mistake(
        "Unknown option --wher (did you mean --where?).",
        cell="%versions churn --wher x",
        shell="list churn --wher x",
        kind="option",
    ),
    "bad name": Mistake(
        '"churn model!" cannot be a model name (letters, digits, . _ -). Try: churn-model',
        cell="%versions 'churn model!'",
        shell="list 'churn model!'",
        python="snapbook.versions('churn model!')",
        kind="name",
    ),
    "no such number": Mistake(
        "churn has no 0.9.0 (newest: 0.2.0). All: {}",
        "list churn",
        cell="%show_version churn:0.9.0",
        shell="show churn:0.9.0",
        code=3,
        python="snapbook.show('churn:0.9.0')",
        kind="no-version",
    ),
    "no such model": Mistake(
        "No model is called chrun (did you mean churn?). All: {}",
        "list",
        cell="%diff_version chrun",
        shell="diff chrun",
        code=3,
        python="snapbook.diff('chrun')",
        kind="no-model",
    ),
    "no such alias": Mistake(
        "churn has no alias production (it has none). All: {}",
        "list churn",
        cell="%restore_version churn@production",
        shell="restore churn@production --what cells",
        code=3,
        python="snapbook.load('churn@production')",
        kind="no-alias",
    ),
    "no such digest": Mistake(
        "No version has the digest 3fa9c2e1. All: {}",
        "list",
        cell="%show_version #3fa9c2e1",
        shell="show 3fa9c2e1",
        code=3,
        python="snapbook.show('3fa9c2e1')",
        kind="no-version",
    ),
    "no reference": Mistake(
        '"churn:x" is no reference: a number is MAJOR, MAJOR.MINOR or MAJOR.MINOR.PATCH.'
        " One of: churn, churn:1.4.0, churn@production, churn~1, 3fa9c2e1.",
        cell="%show_version churn:x",
        shell="show churn:x",
        python="snapbook.show('churn:x')",
        kind="ref",
    ),
    "first version has none before it": Mistake(
        "churn:0.1.0 is the first version of churn: nothing comes before it. Look at it: {}",
        "show churn:0.1.0",
        cell="%diff_version churn:0.1.0",
        shell="diff churn:0.1.0",
        code=3,
        python="snapbook.diff('churn:0.1.0')",
        kind="no-version",
    ),
    "no such verb": Mistake(
        "There is no verb shw (did you mean show?). All: {}",
        "help",
        cell="%snapbook shw churn",
        shell="shw churn",
        kind="verb",
    ),
    "no such act": Mistake(
        "act cannot be chek. It takes check.",
        cell="%snapbook bundle chek x",
        shell="bundle chek x",
        kind="option",
    ),
    "no act": Mistake(
        "bundle needs check. How: {}",
        "help bundle",
        cell="%snapbook bundle",
        shell="bundle",
        kind="missing",
    ),
    "no such word": Mistake(
        "--what cannot be modle. It takes model, data, params, cells, files or all.",
        cell="%restore_version churn --what modle",
        shell="restore churn --what modle",
        python="snapbook.restore('churn', what='modle')",
        kind="option",
    ),
    "no such setting": Mistake(
        "There is no setting crd (did you mean card?). All: {}",
        "config",
        cell="%snapbook config crd",
        shell="config crd",
        python="snapbook.verbs.config('crd')",
        kind="option",
    ),
    "setting of another kind": Mistake(
        'capture.max_seconds cannot be "soon". It takes a number of seconds.',
        cell="%snapbook config capture.max_seconds soon",
        shell="config capture.max_seconds soon",
        python="snapbook.verbs.config('capture.max_seconds', 'soon')",
        kind="option",
    ),
    "too many references": Mistake(
        "diff takes one or two references: 3 were given.",
        cell="%diff_version a b c",
        shell="diff a b c",
        python="snapbook.verbs.diff('a', 'b', 'c')",
    ),
    "argument left out": Mistake(
        "rename needs a new name. How: {}",
        "help rename",
        cell="%snapbook rename churn",
        shell="rename churn",
        python="snapbook.verbs.rename('churn')",
        kind="missing",
    ),
    "value left out": Mistake(
        "--where needs a value. How: {}",
        "help list",
        cell="%versions --where",
        shell="list --where",
    ),
    "a word too many": Mistake(
        'status does not know what to do with "now". How: {}',
        "help status",
        cell="%snapbook status now",
        shell="status now",
    ),
    "open quote": Mistake(
        'A quote is not closed. The line was: churn "x.',
        cell='%versions churn "x',
    ),
    "name taken": Mistake(
        "Not renamed: second is a model already. See it: {}",
        "list second",
        cell="%snapbook rename churn second",
        shell="rename churn second",
        code=4,
        python="snapbook.verbs.rename('churn', 'second')",
        kind="conflict",
    ),
    "protected alias": Mistake(
        "@production is moved by a promotion, not by tag. Promote it: {}",
        "promote churn:0.2.0 production",
        cell="%tag_version churn @production",
        shell="tag churn @production",
        python="snapbook.tag('churn', '@production')",
    ),
    "another version is there": Mistake(
        "Not promoted: production points at nothing, not at 0.2.0. Look again: {}",
        "review churn",
        cell="%snapbook promote churn:0.1.0 production --seen 0.2.0",
        shell="promote churn:0.1.0 production --seen 0.2.0",
        code=4,
        python="snapbook.verbs.promote('churn:0.1.0', 'production', seen='0.2.0')",
        kind="moved",
    ),
    "one's own": Mistake(
        "Not approved: you made 0.2.0, and someone else approves. See: {}",
        "review churn:0.2.0",
        cell="%snapbook approve churn production",
        shell="approve churn production",
        code=5,
        python="snapbook.verbs.approve('churn', 'production')",
        kind="own",
    ),
    "rejected without a word": Mistake(
        "A rejection needs a reason. Say why: --reason TEXT.",
        cell="%snapbook reject churn production",
        shell="reject churn production",
        python="snapbook.verbs.reject('churn', 'production')",
        kind="missing",
    ),
    "nothing to roll back to": Mistake(
        "Not rolled back: production of churn was nowhere else before. See: {}",
        "review churn",
        cell="%snapbook rollback churn",
        shell="rollback churn",
        code=3,
        python="snapbook.verbs.rollback('churn')",
        kind="no-version",
    ),
    "bad tag": Mistake(
        '"a b" cannot be a tag (letters, digits, . _ -). Try: a-b',
        cell="%tag_version churn 'a b=1'",
        shell="tag churn 'a b=1'",
        python="snapbook.tag('churn', 'a b=1')",
        kind="option",
    ),
    "unsaved value": Mistake(
        "Not restored: model (Stump) is in no version and would be replaced."
        " --keep makes a version of it first, --yes replaces it: {}",
        "restore churn:0.1.0 --keep",
        cell="model = Stump(77).fit(X)\n%restore_version churn:0.1.0",
        python="snapbook.restore('churn:0.1.0')",
        code=4,
        kind="unsaved",
    ),
    "no kernel": Mistake(
        "There is no kernel to restore into. In a notebook %restore_version does it; here, cells"
        " and files can be written: {}",
        "restore churn:0.2.0 --what cells",
        shell="restore churn",
    ),
    "save in a shell": Mistake(
        "save works inside a notebook: no kernel is running here."
        ' In Python: snapbook.save(model, "churn")',
        shell="save churn",
    ),
    "number used before": Mistake(
        "Not versioned: 0.1.0 is not after 0.2.0. Leave --number out, or name a later one.",
        cell=fit(50, options="--number 0.1.0"),
        code=4,
        kind="conflict",
    ),
    "now is no version": Mistake(
        "now is the live session, not a version. Compare with it: {}",
        "diff now",
        cell="%show_version now",
        python="snapbook.show('now')",
    ),
    "file to attach is absent": Mistake(
        "Nothing was kept: there is no file nosuch.pdf. Name a file that is there: --attach PATH",
        cell=fit(51, options="--attach nosuch.pdf"),
        kind="no-file",
    ),
    "expression that does not parse": Mistake(
        "",
        cell="%versions --where 'accuracy >'",
        shell="list --where 'accuracy >'",
        python="snapbook.versions(where='accuracy >')",
        kind="expression",
    ),
    "key that is none": Mistake(
        "--key is no public key. 64 hex digits, as snapbook key export prints them.",
        cell="%snapbook trust --key 12",
        shell="trust --key 12",
        python="snapbook.verbs.trust(key='12')",
        kind="option",
    ),
}


def hint_in(face: str, hint: str) -> str:
    verb, *words = shlex.split(hint) or [""]
    if face == "cli":
        return f"snapbook {hint}"
    if face == "magic":
        return " ".join([DAILY.get(verb, f"%snapbook {verb}"), *words])
    from snapbook.errors import Hint

    return Hint(verb, tuple(words)).call


def texts(mistake: Mistake, face: str) -> str:
    return mistake.text.replace("{}", hint_in(face, mistake.hint)) if mistake.text else ""


def prepared(notebook):
    for source in PREPARE:
        assert notebook.cell(source).status == "ok"


def test_magics_and_python(notebook):
    """Every mistake in the kernel, by magic and by call; then what was proposed is typed."""
    prepared(notebook)
    wrong = []
    for name, mistake in MISTAKES.items():
        if mistake.cell:
            ran = notebook.cell(mistake.cell)
            said, want = ran.card, texts(mistake, "magic")
            if want and said != want:
                wrong.append((name, said, want))
            assert ran.status == "ok", name
            assert ran.stderr == "", name
            assert len(said.splitlines()) == 1, name
            assert "Traceback" not in ran.said
        if mistake.python:
            ran = notebook.cell(
                f"try:\n    {mistake.python}\n    print('nothing raised')\n"
                "except snapbook.SnapbookError as e:\n    print(e); print(e.kind, e.exit_code)"
            )
            want = texts(mistake, "python")
            assert ran.status == "ok", (name, ran.error)
            lines = ran.stdout.splitlines()
            if want and lines[0].rstrip(".") != want.rstrip("."):
                wrong.append((name + " in Python", lines[0], want))
            assert lines[1:] == [f"{mistake.kind} {mistake.code}"], name
    for hint in sorted({mistake.hint for mistake in MISTAKES.values() if mistake.hint}):
        if hint == "save churn --model rf":
            notebook.cell(MISTAKES["two models"].cell)
        for typed in (hint_in("magic", hint), hint_in("python", hint)):
            tried = notebook.cell(typed)
            assert tried.status == "ok", (typed, tried.error)
            assert "border-left" not in tried.html, (typed, tried.card)
    assert not wrong, "\n".join(f"{n}\n  is   {a}\n  want {b}" for n, a, b in wrong)


def test_command_line(notebook, shell, commands):
    """The same mistakes in a shell: text on stderr, exit codes, --json, and the proposed act."""
    prepared(notebook)
    wrong = []
    mistakes = {name: mistake for name, mistake in MISTAKES.items() if mistake.shell}
    ran = commands([shlex.split(mistake.shell) for mistake in mistakes.values()])
    for (name, mistake), done in zip(mistakes.items(), ran, strict=True):
        want = texts(mistake, "cli")
        if want and done.stderr != want + "\n":
            wrong.append((name, done.stderr, want))
        assert done.stdout == "", name
        assert len(done.stderr.splitlines()) == 1, name
        assert done.returncode == mistake.code, name
    for name in ("no such number", "no such verb", "unknown option"):
        mistake = MISTAKES[name]
        told = shell(*shlex.split(mistake.shell), "--json")
        error = json.loads(told.stdout)["error"]
        assert (told.returncode, told.stderr, error["kind"]) == (mistake.code, "", mistake.kind)
    assert not wrong, "\n".join(f"{n}\n  is   {a}\n  want {b}" for n, a, b in wrong)
    hints = sorted({mistake.hint for mistake in mistakes.values() if mistake.hint})
    for hint, done in zip(hints, commands([shlex.split(h) for h in hints]), strict=True):
        assert done.returncode in (0, 1), hint


def test_the_shell_took_the_reference_for_a_comment(notebook, project, shell):
    prepared(notebook)
    import subprocess
    import sys

    import kernels

    line = f"{shlex.quote(sys.executable)} -m snapbook show #3fa9c2e1"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=project,
        env=kernels.environment_of(project),
        capture_output=True,
        text=True,
        check=False,
    )
    digest = json.loads(shell("list", "--json").stdout)["rows"][0]["manifest"][:8]
    assert done.stderr == (
        f"show needs a reference. If you typed #{digest}, the shell took it for a comment:"
        f" snapbook show {digest}\n"
    )
    assert done.returncode == 2
    assert shell("show", digest).returncode == 0


@pytest.mark.parametrize("words", [["list"], ["verify", "--json"]])
def test_a_bug_of_ours_in_a_shell(shell, project, words):
    """A fault inside: one line, exit code 70, the traceback only when asked for."""
    project.mkdir()
    (project / "sitecustomize.py").write_text(
        "import snapbook.places\nsnapbook.places.find_repository = None\n"
    )
    env = {"PYTHONPATH": f"{project}:{__import__('kernels').SRC}"}
    done = shell(*words, env=env)
    assert done.returncode == 70
    assert "Traceback" not in done.stdout + done.stderr
    if "--json" in words:
        assert json.loads(done.stdout)["error"]["kind"] == "internal"
    else:
        assert done.stderr == (
            "snapbook failed inside (kind internal). Your cell is intact."
            " Details: snapbook bug-report\n"
        )
    assert shell("bug-report", env=env).returncode == 0
    assert "Traceback" in shell(*words, "--debug", env=env).stderr
    assert "Traceback" in shell(*words, env={**env, "SNAPBOOK_DEBUG": "1"}).stderr
