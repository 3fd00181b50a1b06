"""Finding versions by words: in messages, reasons, notes and the text of what was attached."""

from __future__ import annotations

from collections.abc import Iterator

from snapbook.catalog.index import NEWEST, Cursor, Order
from snapbook.catalog.rows import VersionRow
from snapbook.catalog.where import Expression
from snapbook.errors import Damaged, NotFound
from snapbook.parts import files
from snapbook.repository import Repository

_PAGE = 500


def matching(
    repository: Repository,
    words: str,
    model: str | None = None,
    where: Expression | None = None,
    order: Order = NEWEST,
    after: Cursor | None = None,
) -> Iterator[VersionRow]:
    """The versions in which ``words`` stand, without regard to case or white space.

    ``after`` is where to go on, as pages do. Each attachment is read once, however many versions
    share it; what is damaged does not match.
    """
    wanted = _plain(words)
    seen: dict[str, bool] = {}
    while True:
        page = repository.index.page(model, where, order, after, _PAGE)
        for row in page.rows:
            notes = (note.text for note in repository.index.notes(row.manifest))
            said = any(wanted in _plain(text) for text in (row.message, row.reason, *notes))
            if said or _attached(repository, row.manifest, wanted, seen):
                yield row
        after = page.after
        if after is None:
            return


def _attached(repository: Repository, manifest: str, wanted: str, seen: dict[str, bool]) -> bool:
    get = repository.store.get
    try:
        for ref in repository.manifest(manifest).parts:
            if (ref.kind, ref.name) != ("files", "attachments"):
                continue
            if ref.digest not in seen:
                texts = files.texts(repository.part(ref.digest), get)
                found = (name + "\n" + text for name, text in texts.items())
                seen[ref.digest] = any(wanted in _plain(text) for text in found)
            if seen[ref.digest]:
                return True
    except (NotFound, Damaged):
        return False
    return False


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
