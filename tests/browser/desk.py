"""One browser page on JupyterLab or Notebook 7, as the person at the desk has it.

Knows how to open a notebook, wait until it can be worked with, run cells and take pictures. What
the sidebar shows is asked by role and name in the tests themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from labserver import OWNER, Server
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

# What a page without the sidebar says as well, so that it cannot be told apart from ours.
KNOWN = re.compile(
    r"favicon|ResizeObserver loop|GPU stall|WebGL"
    # Notebook 7.6 alone, on every page: a setting whose plugin is not there.
    r"|reading 'schema'\)[^$]*/static/notebook/notebook_core"
    # JupyterLab in a second tab hears of comms that the first one opened.
    r"|Comm not found for comm id"
    # As is a command of the file browser, which Notebook 7.6 has not on a notebook's page.
    r"|'filebrowser:open-path' not registered[^$]*/static/notebook/notebook_core",
)
READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const find = () => [...app.shell.widgets('main')].find(
    w => w.context && w.sessionContext && (app.shell.currentWidget === w || !w.isHidden));
  for (let n = 0; n < 400 && !find(); n++) await new Promise(done => setTimeout(done, 50));
  const widget = find();
  if (!widget) throw new Error('no notebook is open');
  await widget.context.ready;
  await widget.sessionContext.ready;
  const kernel = widget.sessionContext.session?.kernel;
  if (kernel) await kernel.info;
  return Boolean(kernel);
}"""
# Everything that a test opened is closed unsaved, and what it said in passing is taken away.
CLEAR = """async () => {
  const app = window.jupyterapp;
  for (const toast of document.querySelectorAll('.Toastify__toast'))
    await app.commands.execute('apputils:dismiss-notification', {id: toast.id});
  const documents = () => [...app.shell.widgets('main')].filter(widget => widget.context);
  // A kernel that is still starting would complain, in the middle of the next test.
  const begun = Promise.all(documents().map(widget => widget.sessionContext?.ready));
  await Promise.race([begun, new Promise(done => setTimeout(done, 10000))]);
  for (const widget of [...app.shell.widgets('main'), ...app.shell.widgets('down')]) {
    if (widget.context) widget.context.model.dirty = false;
    widget.close();
  }
  for (let n = 0; n < 100 && documents().length; n++)
    await new Promise(done => setTimeout(done, 20));
  app.shell.collapseLeft();
  app.shell.collapseRight();
  if (documents().length) throw new Error('a document stays open');
}"""
# What the page remembers of a test: nothing of it is to be there for the next one.
REMEMBERED = """() => {
  const panel = [...window.jupyterapp.shell.widgets('left')].find(
    widget => widget.id === 'snapbook-panel');
  const {filters, plotOpen, formOpen, dismissed, chosen, around} = panel.options.model;
  return JSON.stringify([
    {...filters, model: null}, plotOpen, formOpen, [...dismissed], [...chosen.unfolded],
    around.metric, localStorage.getItem('snapbook:folds'), document.body.dataset.jpThemeName,
  ]);
}"""
SIZE = {"width": 1280, "height": 800}
_numbers = count(1)
# A machine that does other things takes its time; what is measured is measured in the page.
expect.set_options(timeout=10_000)


class Desk:
    """A page with its server; ``errors`` collects what must not happen."""

    def __init__(self, context: BrowserContext, server: Server, pictures: Path) -> None:
        self.context, self.server, self.pictures = context, server, pictures
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        self._inside = ""
        self.page.on("pageerror", lambda error: self._heard(f"page error: {error.stack}"))
        self.page.on("console", self._said)
        self.page.on("dialog", self._asked)

    # -- opening --

    def open(
        self,
        path: str,
        *,
        token: str = OWNER,
        kernel: bool = True,
        workspace: str = "",
        wait: bool = True,
    ) -> None:
        """Open ``path`` of the server in JupyterLab, the sidebar closed as on the first day."""
        if self._inside:
            self.command("docmanager:open", path=path)
            self.page.evaluate(
                "() => { for (const widget of [...window.jupyterapp.shell.widgets('main')])"
                " if (!widget.context) widget.close(); }"
            )
            self.ready(kernel=kernel)
            return
        room = workspace or f"test-{next(_numbers)}"
        self.page.goto(self.server.url(f"lab/workspaces/{room}/tree/{path}", token))
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=60_000)
        if wait and path.endswith(".ipynb"):
            self.ready(kernel=kernel)
        elif wait:
            self.page.evaluate("() => window.jupyterapp.restored")

    def stay(self) -> None:
        """Open JupyterLab without a notebook: `open` will open notebooks inside of it."""
        self.page.goto(self.server.url(f"lab/workspaces/test-{next(_numbers)}", OWNER))
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=60_000)
        self.page.wait_for_function(
            "() => window.jupyterapp?.commands.hasCommand('snapbook:open-panel')", timeout=60_000
        )
        self.page.evaluate("() => window.jupyterapp.restored")
        self._inside = self.page.evaluate(REMEMBERED)

    def leave(self) -> bool:
        """Close what was opened inside; whether the page is then as it was in the beginning."""
        for _ in range(3):
            if self.page.locator(".jp-Dialog, .lm-Menu").count():
                self.page.keyboard.press("Escape")
        self.page.unroute_all(behavior="ignoreErrors")
        if self.page.viewport_size != SIZE:
            self.page.set_viewport_size(SIZE)
        remembered = self.page.evaluate(REMEMBERED)
        self.page.evaluate(CLEAR)
        return bool(remembered == self._inside)

    def open_notebook7(self, path: str, *, token: str = OWNER) -> None:
        """Open ``path`` in Notebook 7."""
        self.page.goto(self.server.url(f"notebooks/{path}", token))
        self.ready()

    def ready(self, *, kernel: bool = True) -> None:
        """Until the notebook in front can be worked with; "Idle" in its toolbar is not enough."""
        self.page.locator(".jp-Notebook:visible").first.wait_for(timeout=60_000)
        if kernel:
            assert self.page.evaluate(READY), "the notebook has no kernel"
            self.page.wait_for_function(
                "() => window.jupyterapp.commands.hasCommand('notebook:run-all-cells')"
            )

    # -- acting --

    def command(self, name: str, **arguments: Any) -> Any:
        """Execute a command of the application, as the palette does, until it has ended."""
        return self.page.evaluate(
            "async ([name, args]) => {"
            " const value = await window.jupyterapp.commands.execute(name, args);"
            " return typeof value === 'object' ? null : value; }",
            [name, arguments],
        )

    def start(self, name: str, **arguments: Any) -> None:
        """Execute a command and do not wait: it will ask something."""
        self.page.evaluate(
            "([name, args]) => { void window.jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    def run_all(self) -> None:
        """Run every cell and wait for the last one; kernel messages have been taken in then."""
        self.command("notebook:run-all-cells")

    def run(self, source: str) -> None:
        """Run ``source`` in a new last cell of the notebook in front."""
        self.page.evaluate(
            """async (source) => {
              const app = window.jupyterapp;
              const panel = app.shell.currentWidget;
              const notebook = panel.content;
              notebook.activeCellIndex = notebook.widgets.length - 1;
              await app.commands.execute('notebook:insert-cell-below');
              notebook.activeCell.model.sharedModel.setSource(source);
              await app.commands.execute('notebook:run-cell');
            }""",
            source,
        )

    def kernel(self, code: str) -> str:
        """What ``code`` prints in the kernel of the notebook in front; no cell, no history."""
        return str(
            self.page.evaluate(
                """async (code) => {
                  const session = window.jupyterapp.shell.currentWidget.sessionContext.session;
                  const future = session.kernel.requestExecute(
                    {code, silent: false, store_history: false});
                  let text = '';
                  future.onIOPub = m => {
                    if (m.header.msg_type === 'stream') text += m.content.text;
                    if (m.header.msg_type === 'error') text += m.content.ename + m.content.evalue;
                  };
                  await future.done;
                  return text;
                }""",
                code,
            )
        )

    def theme(self, name: str) -> None:
        """Switch to the "light" or the "dark" theme."""
        wanted = "JupyterLab Light" if name == "light" else "JupyterLab Dark"
        self.command("apputils:change-theme", theme=wanted)
        self.page.wait_for_function(
            "name => document.body.dataset.jpThemeName === name", arg=wanted
        )
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def calm(self) -> None:
        """Close all but the notebook, dialogs too; the light theme, no kernel state touched."""
        for _ in range(3):
            if self.page.locator(".jp-Dialog, .lm-Menu").count():
                self.page.keyboard.press("Escape")
        self.page.evaluate(
            """() => {
              const shell = window.jupyterapp.shell;
              const all = [...shell.widgets('main')];
              for (const widget of all) if (!widget.sessionContext) widget.close();
              const notebook = all.find(widget => widget.sessionContext);
              shell.activateById(notebook.id);
            }"""
        )
        if self.page.evaluate("() => document.body.dataset.jpThemeLight") != "true":
            self.theme("light")

    # -- looking --

    @property
    def panel(self) -> Locator:
        """The sidebar's panel."""
        return self.page.locator(".jp-snapbook-panel:visible").first

    def sidebar(self) -> Locator:
        """Open the panel and give it, its first answer taken in."""
        self.command("snapbook:open-panel")
        self.panel.wait_for()
        expect(self.panel).not_to_have_attribute("aria-busy", "true")
        return self.panel

    def open_version(self, ref: str) -> Locator:
        """Open the page of a version and give it, its cells taken in."""
        self.command("snapbook:open-version", ref=ref)
        page = self.page.locator(".jp-snapbook-Page:visible")
        page.get_by_role("heading", name=ref, exact=True).wait_for()
        return page

    def open_diff(self, old: str, new: str = "") -> Locator:
        """Open the diff of two versions and give its tab."""
        self.command("snapbook:diff", old=old, new=new)
        tab = self.page.locator(".jp-snapbook-Diff:visible")
        tab.wait_for()
        expect(tab.get_by_role("region").first).to_be_visible()
        return tab

    def rows(self) -> Locator:
        """The lines of the panel's list that are drawn."""
        return self.panel.get_by_role("listbox", name="Versions").get_by_role("option")

    def row(self, ref: str) -> Locator:
        """The line of one version."""
        return self.panel.locator(f'[role="option"][data-ref="{ref}"]')

    def shot(self, name: str, of: Locator | None = None) -> Path:
        """A picture of the page, or of ``of``, among the artifacts."""
        path = self.pictures / f"{name}.png"
        (of or self.page).screenshot(path=path)
        return path

    def both_themes(self, name: str, of: Locator | None = None) -> None:
        """The same picture light and dark."""
        for theme in ("dark", "light"):
            self.theme(theme)
            self.shot(f"{name}-{theme}", of)

    def no_errors(self) -> None:
        """Nothing was said on the console that should not be, and nothing asked; what was belongs
        to the test that ends here, and not to the next on this page.
        """
        errors, dialogs = self.errors[:], self.dialogs[:]
        self.forget()
        assert not errors, "\n".join(errors)
        assert not dialogs, dialogs

    def forget(self) -> None:
        """What was said and asked until now."""
        self.errors.clear()
        self.dialogs.clear()

    @contextmanager
    def expected_error(self, text: str) -> Iterator[None]:
        """What the console may say inside: a line that contains ``text``."""
        before = len(self.errors)
        yield
        self.errors[before:] = [said for said in self.errors[before:] if text not in said]

    def long_tasks(self) -> None:
        """Begin to note what blocks the page for more than 50 ms."""
        self.page.evaluate(
            """() => {
              window.__tasks = [];
              window.__observer?.disconnect();
              window.__observer = new PerformanceObserver(list => {
                for (const task of list.getEntries()) window.__tasks.push(task.duration);
              });
              window.__observer.observe({entryTypes: ['longtask']});
            }"""
        )

    def longest_task(self) -> float:
        """Milliseconds of the longest task since `long_tasks`."""
        return float(self.page.evaluate("() => Math.max(0, ...window.__tasks)"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self._heard(f"console: {message.text} ({where})")

    def _heard(self, text: str) -> None:
        if not KNOWN.search(text):
            self.errors.append(text)

    def _asked(self, dialog: Any) -> None:
        if dialog.type == "beforeunload":
            dialog.accept()
            return
        self.dialogs.append(dialog.message)
        dialog.dismiss()
