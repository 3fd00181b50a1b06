"""A version's report: what is known of it, how it was judged and by whom, as one file to be kept.

Of this project, or of a registry: for whoever may read all of its models, since the history is that
of the whole chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from snapbook.refs import number_text
from snapbook.report import decisions, sections
from snapbook.report.page import page
from snapbook.report.told import Facts, Node, Picture, Report, Section, Table, Text
from snapbook.report.words import moment
from snapbook.transfer import Local
from snapbook.verbs import look, origin, travel
from snapbook.verbs.here import Here
from snapbook.verbs.history import told
from snapbook.verbs.promotion import split
from snapbook.verbs.release import check_free, free_path, target, write_text
from snapbook.verbs.values import Done

if TYPE_CHECKING:
    from snapbook.catalog.rows import VersionRow
    from snapbook.repository import Repository
    from snapbook.verbs.table import Asked

_MOST_NODES = 60


def export(here: Here, asked: Asked) -> Done:
    """Write the report of a version."""
    if (given := target(here, asked)) is not None:
        check_free(given)
    ref, registry = split(asked.ref or look.default_ref(here, here.repository()), asked.registry)
    with _repository(here, registry) as repository:
        version, echo = look.resolve(repository, ref)
        text = page(report(repository, version, registry))
    name = f"{version.model.replace('/', '-')}-{number_text(version.number)}-report.html"
    path = given or free_path(here.folder / name)
    write_text(path, text)
    lines = [*([echo] if echo else []), f"wrote {path.name}; print it from a browser for a PDF"]
    return Done(tuple(lines), {"files": [str(path)]})


def report(repository: Repository, version: VersionRow, registry: str = "") -> Report:
    """All that is to be told of ``version``. Raises Damaged, NotFound where it cannot be read."""
    parts = repository.parts(version.manifest)
    get = repository.store.get
    elsewhere = repository.rows_elsewhere(version)
    drawn = origin.graph(repository, version, parts, most=_MOST_NODES)
    nodes = [Node(one.id, one.kind, one.label, one.detail) for one in drawn.nodes]
    lineage = Section(
        "Lineage", [Picture(nodes, drawn.edges, drawn.folded), *sections.made_by(parts, get)]
    )
    return Report(
        version.ref,
        f"{version.class_name or 'model'} by {version.author}, {moment(version.time)} UTC"
        + (f", in the registry {registry}" if registry else ""),
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        (
            _summary(repository, version),
            sections.metrics(parts),
            decisions.gates(repository, version),
            decisions.approvals(repository, version),
            sections.model_card(parts, get),
            lineage,
            sections.data(parts, elsewhere),
            sections.surroundings(parts, get),
            decisions.history(
                repository, version, lambda event: told(repository, event, version.manifest)
            ),
        ),
    )


def _summary(repository: Repository, version: VersionRow) -> Section:
    facts: list[tuple[str, object]] = [
        ("version", version.ref),
        ("digest", version.manifest),
        ("author", version.author),
        ("signature", decisions.signature(repository, version)),
        ("made", moment(version.time) + " UTC"),
        ("message", version.message),
        ("number because", version.reason),
        ("aliases", ", ".join(version.aliases) or "none"),
        ("made from", ", ".join(version.parents) or "nothing before it"),
        ("notebook", version.notebook),
        ("tags", ", ".join(f"{k}={v}" if v else k for k, v in version.tags.items())),
        ("deleted", version.deleted),
        ("damage", version.damage),
    ]
    blocks: list[Facts | Table | Text] = [
        Facts([(name, value) for name, value in facts if value not in ("", False)])
    ]
    notes = repository.index.notes(version.manifest)
    if notes:
        blocks.append(
            Table(["note of", "by", ""], [(moment(n.time), n.author, n.text) for n in notes])
        )
    return Section("Summary", blocks)


@contextmanager
def _repository(here: Here, registry: str) -> Iterator[Repository]:
    """The repository that the version is in; a registry is one, over HTTP as well."""
    if not registry:
        yield here.repository()
        return
    with travel.opened(here, travel.book().get(registry)) as side:
        if isinstance(side, Local):
            yield side.repository
        else:
            from snapbook.catalog.index import Index
            from snapbook.repository import Repository

            index = Index(None, side.store.get)
            try:
                yield Repository(side.store, side.catalog, index)
            finally:
                index.close()
