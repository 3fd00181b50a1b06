"""An interrupt that comes when an act is done already: what is said is what is there."""

from __future__ import annotations

import json

import pytest

from snapbook import refs
from snapbook.catalog.files import FileCatalog
from snapbook.display import notebook as shown
from snapbook.repository import Author, Repository

pytestmark = pytest.mark.slow

UNTOUCHED = "Stopped: interrupted. Nothing was changed."
ACTS = {
    "%tag_version churn team=risk": "churn:0.1.0 was tagged",
    "%tag_version churn @best": "churn:0.1.0 became @best",
    "%snapbook note churn why not": "churn:0.1.0 was noted",
    "%snapbook rename churn loss": "churn was renamed to loss",
    "%snapbook delete_version churn": "churn:0.1.0 was deleted",
    "%version_model --undo": "churn:0.1.0 was deleted",
}
STEPS = {
    "append": (FileCatalog, "append"),
    "act": (Repository, "act"),
    "show": (shown, "show"),
}


@pytest.fixture
def stopped(fitted, monkeypatch):
    """Run a cell that is interrupted once, just before or just after a step."""

    def run(source, owner, name, *, after=True):
        real = getattr(owner, name)
        rings = iter([True])

        def stop(*words, **named):
            rung = next(rings, False)
            done = real(*words, **named) if after or not rung else None
            if rung:
                raise KeyboardInterrupt
            return done

        with monkeypatch.context() as patch:
            patch.setattr(owner, name, stop)
            text = fitted.run(source)
        assert next(rings, False) is False, "the step was never reached"
        assert fitted.error is None
        return text.splitlines()[-1]

    return run


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("act", ACTS)
def test_what_was_done_before_the_interrupt_is_told(fitted, stopped, act, step):
    before = fitted.repository().follow().n
    assert stopped(act, *STEPS[step]).endswith(f"{ACTS[act]} before the interrupt.")
    assert fitted.repository().follow().n == before + 1


@pytest.mark.parametrize("act", ACTS)
def test_what_was_not_done_is_not_told(fitted, stopped, act):
    before = fitted.repository().follow()
    assert stopped(act, FileCatalog, "append", after=False) == UNTOUCHED
    assert fitted.repository().follow() == before


def test_of_several_acts_only_those_that_were_done(fitted, stopped):
    source = "%tag_version churn team=risk @best @spare"
    said = stopped(source, Repository, "move_alias", after=True)
    assert said == "churn:0.1.0 was tagged and churn:0.1.0 became @best before the interrupt."
    version = fitted.rows()[0]
    assert (version.tags, version.aliases) == ({"team": "risk"}, ("best",))


def test_programs_are_told_as_well(fitted, stopped):
    said = stopped("%snapbook note churn why --json", Repository, "act")
    assert json.loads(said) == {"done": ["churn:0.1.0 was noted"]}


def test_what_others_do_meanwhile_is_not_ours(fitted, stopped, monkeypatch):
    real = FileCatalog.append

    def beaten(catalog, *words):
        """Somebody else makes the event first, and then we are stopped."""
        monkeypatch.setattr(FileCatalog, "append", real)
        other = fitted.repository()
        other.note(other.resolve(refs.parse("churn")), "theirs", Author("eve"))
        raise KeyboardInterrupt

    monkeypatch.setattr(FileCatalog, "append", beaten)
    assert fitted.run("%snapbook note churn ours").splitlines() == [UNTOUCHED]


def test_undo_takes_back_no_second_version_after_an_interrupt(fitted, stopped):
    fitted.run("%%version_model churn\nmodel = LogisticRegression(C=9.0).fit(X_train, y_train)")
    assert len(fitted.rows()) == 2
    stopped("%version_model --undo", FileCatalog, "append", after=False)
    assert fitted.card("%version_model --undo")[0].startswith("churn:0.2.0 is taken back")
    stopped("%version_model --undo", FileCatalog, "append")
    assert fitted.run("%version_model --undo").startswith("Nothing to take back")


def test_a_restore_that_was_done_can_be_undone(fitted, stopped):
    fitted.run("kept, model = model, None")
    said = stopped("%restore_version churn", shown, "show")
    assert said == (
        "model became churn:0.1.0 before the interrupt. To take it back: %restore_version --undo"
    )
    assert type(fitted.names["model"]).__name__ == "LogisticRegression"
    fitted.run("%restore_version --undo")
    assert fitted.names["model"] is None
    from snapbook.verbs import take

    assert stopped("%restore_version churn", take, "load_part") == UNTOUCHED
    assert fitted.names["model"] is None


def test_a_restore_tells_of_the_files_that_are_there(fitted, stopped):
    from snapbook.verbs import release

    said = stopped("%restore_version churn --what cells", release, "write_files")
    assert said == "churn-0.1.0.ipynb was written before the interrupt."
    assert (fitted.project / "churn-0.1.0.ipynb").exists()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("%snapbook config author eve", "Nothing half done was left."),
        ("%snapbook auto on", "Nothing half done was left."),
        ("%snapbook gc", "What was freed by then is freed, and no version was touched."),
        ("%versions", "Nothing was changed."),
    ],
)
def test_where_no_event_can_tell_nothing_more_is_claimed(fitted, stopped, act, said):
    assert stopped(act, shown, "show") == f"Stopped: interrupted. {said}"
