"""A registry as the desk where promotions are decided: by its own chain, policy and roles.

Knows what is sent and how answers are read. What one says of a version is signed here, with the key
that never leaves this machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snapbook.canonical import Json
from snapbook.catalog.rows import VersionRow
from snapbook.promote import signed
from snapbook.promote.records import Kept, Moved, Review
from snapbook.promote.verdicts import Judgement, Sought
from snapbook.registry import decided, wire
from snapbook.registry.http import Http
from snapbook.repository import Author


class HttpDesk:
    """The registry behind ``http``; ``author``'s key signs what he says."""

    def __init__(self, http: Http, author: Author) -> None:
        self.http = http
        self._author = author

    def aliases(self, model: str) -> Mapping[str, str]:
        """See `promote.desk.Desk`."""
        return decided.aliases_of(self.http.bytes("/aliases", model=model))

    def review(self, ref: str, alias: str) -> Review:
        """See `promote.desk.Desk`."""
        return decided.review_of(self.http.bytes("/review", ref=ref, alias=alias))

    def promote(self, ref: str, alias: str, seen: str | None, text: str, dry: bool) -> Moved:
        """See `promote.desk.Desk`."""
        body = {"ref": ref, "alias": alias, "seen": seen, "text": text, "dry": dry}
        return decided.moved_of(self._post("/promotions", body))

    def rollback(
        self, model: str, alias: str, to: str, seen: str | None, text: str, dry: bool
    ) -> Moved:
        """See `promote.desk.Desk`."""
        body = {
            "model": model, "alias": alias, "to": to, "seen": seen, "text": text, "dry": dry,
        }  # fmt: skip
        return decided.moved_of(self._post("/rollbacks", body))

    def say(self, ref: str, alias: str, word: str, text: str) -> VersionRow:
        """See `promote.desk.Desk`."""
        row = wire.row_of(self.http.get("/version", ref=ref).get("version"))
        signature: Mapping[str, Json] | None = None
        if self._author.key is not None:
            statement = signed.opinion(row.model, row.manifest, alias)
            signature = signed.made(self._author.key, signed.PURPOSES[word], statement)
        body = {
            "ref": row.ref, "alias": alias, "word": word, "text": text, "signature": signature,
        }  # fmt: skip
        return decided.row_of(self._post("/opinions", body))

    def sought(self, ref: str, alias: str) -> Sought:
        """See `promote.desk.Desk`."""
        return decided.sought_of(self.http.bytes("/trials", ref=ref, alias=alias))

    def judge(self, ref: str, alias: str, judgements: Sequence[Judgement]) -> None:
        """See `promote.desk.Desk`."""
        told = [
            {
                "gate": one.gate,
                "evidence": one.evidence.decode(),
                "signature": one.signature,
            }
            for one in judgements
        ]
        self._post("/verdicts", {"ref": ref, "alias": alias, "verdicts": told})

    def policies(self, model: str) -> list[Kept]:
        """See `promote.desk.Desk`."""
        return decided.kept_of(self.http.bytes("/policies", model=model))

    def change_policy(
        self, model: str, text: str, files: Mapping[str, str], seen: str | None
    ) -> bool:
        """See `promote.desk.Desk`."""
        body = {"model": model, "text": text, "files": dict(files), "seen": seen}
        return decided.changed_of(self._post("/policies", body))

    def _post(self, path: str, body: Mapping[str, Any]) -> bytes:
        # Never asked again by itself: whether the first one was done is for a person to look at.
        answer: bytes = self.http.once("POST", path, json=body).content
        return answer
