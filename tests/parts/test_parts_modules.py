"""Local code is kept as it was executed: imports, reloads, scripts, edits in between."""

import importlib
import os
import py_compile
import runpy
import sys

import pytest

from snapbook.parts import files, modules
from snapbook.parts.base import Part
from snapbook.secrets import Redactor
from snapbook.store.memory import MemoryStore


class Project:
    """A folder on sys.path whose modules are forgotten at the end."""

    def __init__(self, folder):
        self.folder = folder
        self.store = MemoryStore()
        self.redactor = Redactor()
        self.watch = None

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        importlib.invalidate_caches()

    def start(self):
        self.watch = modules.ModuleWatch(self.folder)

    def kept(self):
        writer = self.store.writer()
        part, self.notices = modules.capture(self.watch, writer, self.redactor, self.folder)
        self.part = part
        writer.commit()
        assert Part.decode(part.encode()) == part
        return {
            entry["path"]: (self.store.get(entry["digest"]).decode(), entry["source"])
            for entry in files.entries(part)
        }


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    # within one second Python takes a .pyc for its source; tests that want that ask for it
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    made = Project(tmp_path)
    yield made
    if made.watch is not None:
        made.watch.stop()
    for name in set(sys.modules) - before:
        path = getattr(sys.modules[name], "__file__", None) or ""
        if path.startswith(str(tmp_path)):
            del sys.modules[name]


def test_a_module_is_kept_as_imported_until_it_is_reloaded(project):
    project.start()
    project.write("helper_a.py", "def f(): return 1\n")
    import helper_a

    project.write("helper_a.py", "def f(): return 2222\n")
    assert project.kept() == {"helper_a.py": ("def f(): return 1\n", "imported")}
    first = project.part
    assert project.notices == ()
    importlib.reload(helper_a)
    assert project.kept() == {"helper_a.py": ("def f(): return 2222\n", "imported")}
    assert helper_a.f() == 2222
    assert modules.digests(project.part) != modules.digests(first)
    (change,) = files.diff(first, project.part, project.store.get)
    assert (change.section, change.name, change.what) == ("code", "helper_a.py", "changed")
    assert change.lines == ("-def f(): return 1", "+def f(): return 2222")


def test_packages_submodules_and_names(project):
    project.start()
    project.write("pack_b/__init__.py", "from . import inner\n")
    project.write("pack_b/inner.py", "x = 1\n")
    import pack_b  # noqa: F401

    assert set(project.kept()) == {"pack_b/__init__.py", "pack_b/inner.py"}
    assert set(modules.digests(project.part)) == {"pack_b", "pack_b.inner"}


def test_imported_before_we_listened_falls_back_to_the_file_and_says_so(project):
    project.write("early_c.py", "x = 1\n")
    import early_c

    project.start()
    assert project.kept() == {"early_c.py": ("x = 1\n", "file")}
    (notice,) = project.notices
    assert (notice.kind, notice.name) == ("from-file", "early_c.py")
    assert notice.why == "was imported before snapbook was loaded: kept as its file is"
    importlib.reload(early_c)
    assert project.kept() == {"early_c.py": ("x = 1\n", "imported")}
    assert project.notices == ()


def test_scripts_that_were_run(project):
    project.start()
    project.write("script_d.py", "value = 41 + 1\n")
    assert runpy.run_path("script_d.py")["value"] == 42
    project.write("script_d.py", "edited = True\n")
    assert project.kept() == {"script_d.py": ("value = 41 + 1\n", "imported")}
    assert set(modules.digests(project.part)) == {"script_d.py"}


def test_the_magic_run_of_ipython(project):
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    project.start()
    project.write("script_e.py", "made_by_run = 7\n")
    shell = InteractiveShell(config=config)
    shell.run_line_magic("run", "script_e.py")
    assert shell.user_ns["made_by_run"] == 7
    assert project.kept() == {"script_e.py": ("made_by_run = 7\n", "imported")}


def test_secrets_are_taken_out_and_numbered_once(project):
    project.start()
    project.write("helper_f.py", 'password = "hunter2"\n')
    import helper_f  # noqa: F401

    assert project.kept()["helper_f.py"][0] == 'password = "{{secret:1}}"\n'
    assert project.kept()["helper_f.py"][0] == 'password = "{{secret:1}}"\n'
    assert [finding.where for finding in project.redactor.findings] == ["helper_f.py"]


def test_an_unchanged_session_costs_nothing(project):
    project.start()
    project.write("helper_g.py", "x = 1\n")
    import helper_g  # noqa: F401

    project.kept()
    first = project.part
    writer = project.store.writer()
    assert modules.capture(project.watch, writer, project.redactor, project.folder)[0] == first
    assert writer.new_bytes == 0


def test_code_from_a_stale_pyc_is_not_taken_for_its_file(project, monkeypatch):
    """Within one second and with equal size Python runs the old .pyc: the file says otherwise."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    project.write("helper_h.py", "x = 1\n")
    path = project.folder / "helper_h.py"
    stamp = path.stat().st_mtime_ns
    py_compile.compile(str(path))
    project.write("helper_h.py", "x = 2\n")
    os.utime(path, ns=(stamp, stamp))
    project.start()
    import helper_h

    assert helper_h.x == 1
    assert project.kept() == {"helper_h.py": ("x = 2\n", "file")}
    assert project.notices[0].why.startswith("ran from compiled code that is not its file's")


def test_a_fresh_pyc_is_its_source(project, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    project.write("helper_i.py", "def f(x=[1]):\n    return {k: lambda: k for k in x}\n")
    py_compile.compile(str(project.folder / "helper_i.py"))
    project.start()
    import helper_i  # noqa: F401

    assert project.kept()["helper_i.py"][1] == "imported"


def test_what_is_not_the_projects_own_is_left_out(project, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "outer_j.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(elsewhere))
    project.write("site-packages/installed_j.py", "x = 1\n")
    monkeypatch.syspath_prepend(str(project.folder / "site-packages"))
    project.start()
    project.write("failing_j.py", "x = 1\nraise ValueError('at import')\n")
    import colorsys  # noqa: F401

    import installed_j  # noqa: F401
    import outer_j

    with pytest.raises(ValueError, match="at import"):
        import failing_j  # noqa: F401
    assert project.kept() == {}
    del sys.modules["outer_j"]
    assert outer_j.x == 1


def test_the_checkout_around_the_notebooks_folder_is_the_project(project):
    (project.folder / ".git").mkdir()
    project.write("lib_k.py", "x = 1\n")
    (project.folder / "notebooks").mkdir()
    project.watch = modules.ModuleWatch(project.folder / "notebooks")
    import lib_k  # noqa: F401

    writer = project.store.writer()
    part, _ = modules.capture(project.watch, writer, project.redactor, project.folder / "notebooks")
    assert [entry["path"] for entry in files.entries(part)] == ["lib_k.py"]


def test_other_encodings_and_odd_sources(project):
    project.start()
    text = '# -*- coding: latin-1 -*-\nname = "é"\npassword = "hunter2é"\n'
    (project.folder / "odd_l.py").write_bytes(text.encode("latin-1"))
    import odd_l

    assert odd_l.name == "é"
    writer = project.store.writer()
    part, _ = modules.capture(project.watch, writer, project.redactor, project.folder)
    data = writer.get(files.entries(part)[0]["digest"])
    assert data == text.replace("hunter2é", "{{secret:1}}").encode("latin-1")


def test_a_lazy_module_stays_lazy(project):
    project.write("lazy_m.py", "raise SystemExit('loaded')\n")
    spec = importlib.util.find_spec("lazy_m")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules["lazy_m"] = module
    spec.loader.exec_module(module)
    project.start()
    try:
        assert set(project.kept()) == {"lazy_m.py"}
    finally:
        del sys.modules["lazy_m"]  # before anybody touches it


def test_stopping_ends_the_listening(project):
    project.start()
    project.watch.stop()
    project.write("late_n.py", "x = 1\n")
    import late_n  # noqa: F401

    assert project.kept() == {}


def test_the_sources_come_back_as_files(project, tmp_path):
    project.start()
    project.write("pack_o/deep.py", "x = 1\n")
    importlib.import_module("pack_o.deep")
    project.kept()
    (path,) = files.restore(project.part, tmp_path / "out", project.store.get)
    assert path == tmp_path / "out" / "pack_o" / "deep.py"
    assert path.read_text() == "x = 1\n"
