"""JupyterLab, a kernel and Chromium, real ones; what cannot run here is skipped with its reason."""

from __future__ import annotations

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PACKAGES = ("jupyterlab", "notebook", "playwright", "sklearn", "nbformat")


def _missing() -> str:
    absent = [name for name in PACKAGES if find_spec(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed"
    if shutil.which("chromium") is None:
        return "no chromium here"
    return ""


MISSING = _missing()
collect_ignore_glob = ["test_*.py"] if find_spec("playwright") is None else []


def pytest_collection_modifyitems(items):
    """Every test of this folder starts a browser, and takes its time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.filterwarnings("default"))
            if MISSING:
                item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item):
    """Let the desk know whether its test failed: it takes a picture then."""
    outcome = yield
    if outcome.get_result().when == "call":
        item.stash[FAILED] = outcome.get_result().failed


FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="package")
def pictures():
    """Where pictures go: SNAPBOOK_ARTIFACTS, else a folder that git ignores."""
    folder = Path(os.environ.get("SNAPBOOK_ARTIFACTS") or HERE.parents[1] / "build" / "artifacts")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="package")
def chromium():
    """One browser for all tests; each desk is a context of its own in it."""
    from playwright.sync_api import sync_playwright

    words = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    # A page that a test answered itself has no address, and may else not reach this machine.
    words.append("--disable-features=LocalNetworkAccessChecks")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=words)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    """One server for most tests; each of them has a folder of its own on it."""
    from labserver import Server

    running = Server(tmp_path_factory.mktemp("lab"))
    yield running
    running.stop()


@pytest.fixture(scope="package")
def far(tmp_path_factory, server):
    """A server as a hub puts it: under a base URL, with several people, started as Notebook 7."""
    from labserver import Server
    from people import CONFIG

    running = Server(
        tmp_path_factory.mktemp("far"),
        app="notebook",
        base_url="/hub/user/ada/",
        config=CONFIG,
        SNAPBOOK_CONFIG=server.environment["SNAPBOOK_CONFIG"],
    )
    yield running
    running.stop()


@pytest.fixture(scope="package")
def templates(server, tmp_path_factory):
    """Gives a project of `projects` by its name, made once: `templates("story")`."""
    import projects

    folder = tmp_path_factory.mktemp("templates")
    make = {
        "story": lambda at: projects.tell_story(at, server.environment),
        "hostile": lambda at: projects.hostile_story(at, server.environment),
        "huge": lambda at: projects.huge(at, server.environment),
    }

    def template(name: str) -> Path:
        if not (folder / name).exists():
            make[name](folder / name)
        return folder / name

    return template


@pytest.fixture(scope="package")
def many(server):
    """A served folder with 10,000 versions; not copied, so tests leave it as it is."""
    import projects

    projects.many(server.root / "many")
    server.get("snapbook/api/versions?path=many/train.ipynb&limit=1")  # makes the index
    return "many"


@pytest.fixture
def place(request):
    """A folder's name for this test alone; another one when it is tried again."""
    again = getattr(request.node, "execution_count", 1)
    name = re.sub(r"\W+", "-", request.node.name)[:60].strip("-")
    return name if again == 1 else f"{name}-{again}"


@pytest.fixture
def project(server, templates, place):
    """Copies a template into the served folder: `project("story")` gives the folder's path."""
    import projects

    def put(name: str, at: str = place, on=server) -> Path:
        return projects.copy(templates(name), on.root / at)

    return put


def _picture_of_failure(request, *made) -> bool:
    failed = request.node.stash.get(FAILED, True)
    for n, each in enumerate(made):
        if failed:
            name = re.sub(r"\W+", "-", request.node.name)
            try:
                each.shot(f"failed-{name}-{n}")
            except Exception as error:  # the test's own failure is what counts
                print(f"no picture: {error}")
    return failed


@pytest.fixture(scope="package")
def new_desk(chromium, server, pictures):
    """Makes a desk: a page in a browser context of its own."""
    from desk import SIZE, Desk

    def desk(on=server):
        context = chromium.new_context(
            viewport=SIZE, permissions=["clipboard-read", "clipboard-write"]
        )
        context.set_default_timeout(20_000)
        return Desk(context, on, pictures)

    return desk


@pytest.fixture
def desks(request, new_desk, server):
    """Makes desks: `desks()` is a page of its own; at the end none may have seen an error."""
    made = []

    def desk(on=server):
        made.append(new_desk(on))
        return made[-1]

    yield desk
    failed = _picture_of_failure(request, *made)
    for each in made:
        each.context.close()
        each.server.end_kernels(keep="standing")
    if not failed:
        for each in made:
            each.no_errors()


@pytest.fixture
def desk(desks):
    """One page on the common server."""
    return desks()


@pytest.fixture(scope="package")
def kept(new_desk):
    """The JupyterLab that stays open for one test after the other: `kept()` gives it, `kept(None)`
    lets it go, and the next test has a new one.
    """
    held = []

    def desk(*gone):
        if gone:
            held.pop().context.close()
            return None
        if not held:
            made = new_desk()
            made.stay()
            held.append(made)
        return held[0]

    yield desk
    for each in held:
        each.context.close()


@pytest.fixture
def lab(request, kept):
    """JupyterLab with nothing open, as on the first day: one in which something was left, or in
    which a test failed, is not used again.
    """
    desk = kept()
    yield desk
    failed = _picture_of_failure(request, desk)
    errors, dialogs = desk.errors[:], desk.dialogs[:]
    try:
        again = desk.leave() and not failed
    except Exception as error:  # the test's own failure is what counts
        print(f"left with {error}")
        again = False
    if not again:
        kept(None)
    desk.server.end_kernels(keep="standing")
    desk.errors[:], desk.dialogs[:] = errors, dialogs
    if failed:
        desk.forget()
    else:
        desk.no_errors()


@pytest.fixture
def story(lab, project, place):
    """The story's notebook, open in JupyterLab; kernel idle, nothing run."""
    project("story")
    lab.open(f"{place}/train.ipynb")
    return lab


@pytest.fixture(scope="package")
def standing(new_desk, server, templates):
    """The story's notebook, open once for all tests that only read."""
    import projects

    projects.copy(templates("story"), server.root / "standing")
    desk = new_desk()
    desk.open("standing/train.ipynb")
    yield desk
    desk.context.close()


@pytest.fixture
def reader(request, standing):
    """The story's notebook for a test that changes nothing; pages that it opens are closed."""
    standing.calm()
    yield standing
    failed = _picture_of_failure(request, standing)
    if failed:
        standing.forget()
    else:
        standing.no_errors()
