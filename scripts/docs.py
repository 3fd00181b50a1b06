"""Write the tables in docs/cli.md and docs/magics.md from the table of verbs; --check compares."""

from __future__ import annotations

import sys
from pathlib import Path

from snapbook.magics.names import DAILY
from snapbook.settings import SETTINGS
from snapbook.verbs import VERBS, manual

DOCS = Path(__file__).resolve().parent.parent / "docs"
MARK = "<!-- From here on: written by scripts/docs.py from the table of verbs. -->\n"


def cli() -> str:
    """Every verb with its manual, then the settings."""
    parts = ["\n## Verbs\n"]
    for verb in VERBS.values():
        text = "\n".join(f"    {line}".rstrip() for line in manual.page(verb, "snapbook"))
        parts.append(f"### {verb.name}\n\n{text}\n")
    rows = [f"| `{s.name}` | {s.default!s} | {s.help} |" for s in SETTINGS.values()]
    table = "\n".join(["| setting | default | what for |", "|---|---|---|", *rows])
    parts.append(
        "## Settings\n\n`snapbook config NAME VALUE` keeps one; the environment variable"
        " `SNAPBOOK_NAME` (capitals, `_` for `.`) comes first.\n\n" + table + "\n"
    )
    return "\n".join(parts)


def magics() -> str:
    """The magics, and all verbs in one line each."""
    rows = []
    for verb in VERBS.values():
        names = [f"`%{name}`" for name, of in DAILY.items() if of == verb.name]
        if verb.name == "save":
            names.insert(0, "`%%version_model`")
        rows.append(f"| `%snapbook {verb.name}` | {', '.join(names)} | {verb.help} |")
    table = "\n".join(["| verb | magics | what it does |", "|---|---|---|", *rows])
    save = "\n".join(f"    {line}".rstrip() for line in manual.page(VERBS["save"], "%snapbook"))
    return f"\n{table}\n\nAll options of `%%version_model`:\n\n{save}\n"


def main(arguments: list[str]) -> int:
    """Write the files; with --check say which differ."""
    wrong = []
    for name, made in (("cli.md", cli()), ("magics.md", magics())):
        path = DOCS / name
        text = path.read_text(encoding="utf-8")
        wanted = text.partition(MARK)[0] + MARK + made
        if text != wanted:
            wrong.append(name)
            if "--check" not in arguments:
                path.write_text(wanted, encoding="utf-8")
    if wrong and "--check" in arguments:
        print(f"docs differ from the table of verbs: {', '.join(wrong)}. Run scripts/docs.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
