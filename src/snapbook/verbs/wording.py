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
    searched = Words(repository, words)
    while True:
        page = repository.index.page(model, where, order, after, _PAGE)
        yield from filter(searched.stand_in, page.rows)
        after = page.after
        if after is None:
            return


class Words:
    """Words that are looked for in the versions of one repository."""

    def __init__(self, repository: Repository, words: str) -> None:
        self._repository = repository
        self._wanted = _plain(words)
        self._seen: dict[str, bool] = {}

    def stand_in(self, row: VersionRow) -> bool:
        """Whether the version's message, reason, notes or attachments hold them."""
        if any(self._wanted in _plain(text) for text in (row.message, row.reason)):
            return True
        notes = self._repository.index.notes(row.manifest)
        return any(self._wanted in _plain(note.text) for note in notes) or self._attached(row)

    def _attached(self, row: VersionRow) -> bool:
        try:
            return any(map(self._in_part, _attachments(self._repository, row.manifest)))
        except (NotFound, Damaged):
            return False

    def _in_part(self, digest: str) -> bool:
        if digest not in self._seen:
            repository = self._repository
            texts = files.texts(repository.part(digest), repository.store.get)
            found = (name + "\n" + text for name, text in texts.items())
            self._seen[digest] = any(self._wanted in _plain(text) for text in found)
        return self._seen[digest]


# What a manifest lists never changes: the second search of a process reads none of them.
_listed: dict[str, tuple[str, ...]] = {}
_LISTED = 50_000


def _attachments(repository: Repository, manifest: str) -> tuple[str, ...]:
    """The digests of a manifest's attachments. Raises NotFound, Damaged."""
    found = _listed.get(manifest)
    if found is None:
        parts = repository.manifest(manifest).parts
        attached = (ref for ref in parts if (ref.kind, ref.name) == ("files", "attachments"))
        found = tuple(ref.digest for ref in attached)
        if len(_listed) < _LISTED:
            _listed[manifest] = found
    return found


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
