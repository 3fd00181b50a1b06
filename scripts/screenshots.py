"""Take the pictures that the docs show, in a real JupyterLab with the story of the tests.

``scripts/screenshots`` takes all of them into docs/images, ``scripts/screenshots list diff`` those.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
COLOURS = 256
# The author of the versions in the pictures, whoever takes them.
os.environ |= {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "user.name",
    "GIT_CONFIG_VALUE_0": "Ada",
}
sys.path[:0] = [str(ROOT / "tests" / "browser"), str(ROOT / "tests")]

import projects  # noqa: E402 - the folder has to be on the path first
from desk import Desk  # noqa: E402
from labserver import Server  # noqa: E402

FOREST = (
    "model = RandomForestClassifier(n_estimators=30, max_depth=8, random_state=0)\n"
    "model.fit(X_train, y_train)"
)


def overview(desk: Desk) -> None:
    """The panel beside the notebook."""
    desk.sidebar()
    desk.panel.get_by_text("changed since").wait_for()
    picture(desk, "overview")


def form(desk: Desk) -> None:
    """The snapshot form, what it becomes said."""
    desk.sidebar()
    desk.panel.get_by_role("button", name="Snapshot with name, message and data").click()
    desk.panel.get_by_text("Becomes 0.5.0").wait_for()
    picture(desk, "form", panel_only=True)
    desk.page.keyboard.press("Escape")


def version(desk: Desk) -> None:
    """A version's page."""
    desk.open_version("churn:0.4.0")
    desk.page.wait_for_timeout(500)
    picture(desk, "version")


def diff(desk: Desk) -> None:
    """Two versions compared."""
    desk.open_diff("churn:0.2.0", "churn:0.3.0")
    desk.page.wait_for_timeout(500)
    picture(desk, "diff")


def restore(desk: Desk) -> None:
    """What a restore lists before it does anything."""
    desk.command("docmanager:open", path="churn-project/train.ipynb")
    desk.start("snapbook:restore", ref="churn:0.1.0")
    desk.page.get_by_role("dialog").get_by_text("Restore churn:0.1.0").first.wait_for()
    desk.page.wait_for_timeout(300)
    picture(desk, "restore")
    desk.page.keyboard.press("Escape")


def review(desk: Desk) -> None:
    """A version before it is promoted, in its tab."""
    desk.command("snapbook:review", ref="churn:0.4.0")
    desk.page.get_by_role("heading", name="What was live").wait_for()
    desk.page.get_by_text("No registry is known here").wait_for()
    picture(desk, "review")


def registry(desk: Desk) -> None:
    """The page of a registry that the story was pushed to: a version before it is promoted."""
    from standing import Standing

    from snapbook import places
    from snapbook.promote import moving, opinions, policies
    from snapbook.repository import Author
    from snapbook.transfer import Local, transfer

    ada, bob = Author("Ada"), Author("Bob")
    with tempfile.TemporaryDirectory(prefix="snapbook-registry-") as folder:
        standing = Standing(Path(folder) / "team")
        try:
            project = desk.server.root / "churn-project" / places.NAME
            with places.open_folder(project) as here, standing.remote() as there:
                for row in reversed(here.index.page("churn", limit=100).rows):
                    transfer(Local(here), there, row, ada)
            with places.open_folder(standing.folder) as kept:
                newest, *_, first = kept.index.page("churn").rows
                moving.promote(kept, first, "production", bob)
                policies.change(kept, "churn", POLICY, {}, bob, seen=None)
                opinions.say(kept, newest, "production", "request", "handles the price", ada)
            page = desk.page.context.new_page()
            page.set_viewport_size({"width": 1080, "height": 980})
            page.goto(f"{standing.url}/#/churn/review/production")
            page.get_by_label("Your token").fill(standing.tokens.make("Eve", ("approver",)))
            page.keyboard.press("Enter")
            page.get_by_role("heading", name="What was live").wait_for()
            store(page, "registry")
            page.close()
        finally:
            standing.stop()


POLICY = """
[production]
approvals = 1
[production.gates.metric]
[production.gates.signature]
fails = "warn"
"""
PICTURES: dict[str, Callable[[Desk], None]] = {
    "overview": overview,
    "form": form,
    "version": version,
    "diff": diff,
    "restore": restore,
    "review": review,
    "registry": registry,
}


def picture(desk: Desk, name: str, *, panel_only: bool = False) -> None:
    """What the desk shows, or its panel."""
    store(desk.panel if panel_only else desk.page, name)


def store(shown: Page | Locator, name: str) -> None:
    """A PNG of few colours: half the bytes, and nothing that is to be seen is lost."""
    from PIL import Image

    path = IMAGES / f"{name}.png"
    shown.screenshot(path=path)
    with Image.open(path) as image:
        whole, how = image.convert("RGB"), Image.Quantize.MAXCOVERAGE
        few = whole.quantize(COLOURS, how, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")


def main(names: list[str]) -> int:
    """Take ``names`` (none: all)."""
    from playwright.sync_api import sync_playwright

    if unknown := set(names) - set(PICTURES):
        print(f"no picture is called {', '.join(sorted(unknown))}; there are {', '.join(PICTURES)}")
        return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="snapbook-pictures-") as folder:
        server = Server(Path(folder))
        try:
            projects.tell_story(server.root / "churn-project", server.environment)
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"),
                    args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
                )
                context = chromium.new_context(viewport={"width": 1180, "height": 720})
                desk = Desk(context, server, IMAGES)
                desk.open("churn-project/train.ipynb")
                desk.run_all()
                desk.run(FOREST)
                for name in names or PICTURES:
                    PICTURES[name](desk)
                chromium.close()
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
