"""card: the model card of a version, to read or as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from snapbook.deploy import evident
from snapbook.export import card as cards
from snapbook.export import groups, written
from snapbook.parts.stated import stated
from snapbook.promote import measured
from snapbook.verbs import look
from snapbook.verbs.here import Here
from snapbook.verbs.release import check_free, write_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.canonical import Json
    from snapbook.verbs.table import Asked


def card(here: Here, asked: Asked) -> Done:
    """The model card of a version, to read or as a file; HTML where its name ends so."""
    repository = here.repository()
    version, echo = look.resolve(repository, asked.ref or look.default_ref(here, repository))
    manifest = repository.manifest(version.manifest)
    parts = manifest.load(repository.store.get)
    said = stated(parts, repository.store.get)
    told = measured.by_group(repository, version)
    found = [groups.judged(one.author, one.time, one.facts) for one in told]
    found += [groups.wrong(*one) for one in evident.wrong(repository, version)]
    grouped = [one for one in found if one is not None]
    made = cards.card(version.ref, repository.claim(version), manifest, parts, said, grouped)
    data: dict[str, Json] = {
        "ref": version.ref,
        "metadata": dict(made.front),
        "missing": list(made.missing),
        "sections": [
            {
                "title": one.title,
                "lines": list(one.lines),
                "table": [list(row) for row in one.table],
            }
            for one in made.sections
        ],
    }
    if not asked.output:
        return Done((*([echo] if echo else []), *written.markdown(made).splitlines()), data)
    path = here.folder / Path(asked.output).expanduser()
    check_free(path)
    html = path.suffix.lower() in (".html", ".htm")
    write_text(path, written.page(made) if html else written.markdown(made))
    missing = f"; not stated: {', '.join(made.missing)}" if made.missing else ""
    lines = (*([echo] if echo else []), f"wrote {path.name}{missing}")
    return Done(lines, {**data, "files": [str(path)]})
