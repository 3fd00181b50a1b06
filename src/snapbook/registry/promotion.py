"""The routes of promotion: looked at, asked for, approved, moved, and the policy that decides.

Everything is decided by the registry's own chain; who asks is whom the token names. Requesting
takes the right to write or to approve, approving and changing a policy the right to approve; who
may promote says the policy of the model. A signature is checked and kept, and gives no right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Response

from snapbook import canonical, refs
from snapbook.catalog.rows import VersionRow
from snapbook.errors import NotFound, Refused, Usage
from snapbook.promote import moving, opinions, policies, reviewing, signed, verdicts
from snapbook.promote.desk import seen_of, spelled
from snapbook.promote.policy import Rule
from snapbook.promote.records import Review
from snapbook.promote.rights import with_rights
from snapbook.promote.verdicts import Judgement
from snapbook.registry import decided
from snapbook.registry.asked import Asked
from snapbook.registry.finding import resolved
from snapbook.registry.roles import APPROVE, READ, WRITE, Principal
from snapbook.repository import Author

routes = APIRouter(tags=["promotion"])
_LONGEST = 10_000
_MOST_VERDICTS = 50


@routes.get("/aliases")
def aliases(asked: Asked, model: str) -> Response:
    """Where the aliases of a model point: digests of manifests."""
    name = readable(asked, model)
    return _told({"aliases": asked.service.repository.index.aliases(name)})


@routes.get("/review")
def review(asked: Asked, ref: str, alias: str = "production") -> Response:
    """``alias`` of a model, and the version that may take its place."""
    named = refs.parse(ref)
    whole = named == refs.Ref(model=named.model)
    row = None if whole else resolved(asked.service, asked.who, ref)
    model = row.model if row is not None else readable(asked, named.model)
    return _told(reviewed(asked, model, alias, row))


def reviewed(asked: Asked, model: str, alias: str, candidate: VersionRow | None) -> Review:
    """The review of what one may read, with what one may do."""
    repository, who = asked.service.repository, asked.who
    found = reviewing.review(repository, model, alias, candidate)
    judges, writes = who.may(APPROVE, model), who.may(WRITE, model)
    return with_rights(repository, found, who.name, judges=judges, writes=writes)


@routes.post("/promotions")
def promote(asked: Asked) -> Response:
    """Let ``alias`` point at the version ``ref``, if the policy lets it."""
    row, alias = _row(asked), asked.text("alias")
    moved = moving.promote(
        asked.service.repository, row, alias, Author(asked.who.name),
        seen=_seen(asked, row.model), text=_words(asked), dry=asked.body.get("dry") is True,
        may=may(asked.who, row.model, alias),
    )  # fmt: skip
    return _told(moved)


@routes.post("/rollbacks")
def rollback(asked: Asked) -> Response:
    """Let ``alias`` of ``model`` point where it did before, or at the earlier version ``to``."""
    model, alias, to = readable(asked, asked.text("model")), asked.text("alias"), asked.text("to")
    target = ""
    if to:
        target = resolved(asked.service, asked.who, spelled(model, to)).manifest
    moved = moving.rollback(
        asked.service.repository, model, alias, Author(asked.who.name),
        to=target, seen=_seen(asked, model), text=_words(asked), dry=asked.body.get("dry") is True,
        may=may(asked.who, model, alias),
    )  # fmt: skip
    return _told(moved)


@routes.post("/opinions")
def say(asked: Asked) -> Response:
    """Request, approve or reject a version for ``alias``."""
    row, alias, word = _row(asked), asked.text("alias"), asked.text("word")
    if word not in signed.PURPOSES:
        raise Usage(f"word is one of {', '.join(signed.PURPOSES)}", kind="argument")
    if word == "request" and not asked.who.may(APPROVE, row.model):
        asked.need(WRITE, row.model)
    elif word != "request":
        asked.need(APPROVE, row.model)
    statement = signed.opinion(row.model, row.manifest, alias)
    signature = signed.checked(asked.body.get("signature"), signed.PURPOSES[word], statement)
    opinions.say(
        asked.service.repository, row, alias, word, _words(asked), Author(asked.who.name), signature
    )
    return _told({"version": row})


@routes.get("/trials")
def trials(asked: Asked, ref: str, alias: str) -> Response:
    """What a version is to be judged by where its model may be loaded, which is not here."""
    row = resolved(asked.service, asked.who, ref)
    _role(asked, row)  # said before somebody tries it for nothing
    return _told(verdicts.sought(asked.service.repository, row, alias))


@routes.post("/verdicts")
def judge(asked: Asked) -> Response:
    """Keep what somebody found who tried a version; by which role he did is written down."""
    row, alias = _row(asked), asked.text("alias")
    role = _role(asked, row)
    given = asked.body.get("verdicts")
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_VERDICTS:
        raise Usage("verdicts is no list, or too long a one", kind="argument")
    judgements = [_judgement(one, row, alias) for one in given]
    author = Author(asked.who.name)
    verdicts.keep(asked.service.repository, row, alias, judgements, author, role)
    return _told({"version": row})


@routes.get("/policies")
def all_policies(asked: Asked, model: str) -> Response:
    """Every policy of a model, the one in force first."""
    name = readable(asked, model)
    return _told({"policies": policies.all_of(asked.service.repository, name)})


@routes.post("/policies")
def change_policy(asked: Asked) -> Response:
    """Put a policy in force."""
    model = readable(asked, asked.text("model"))
    asked.need(APPROVE, model)
    files = asked.body.get("files") or {}
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise Usage("files is no table of texts", kind="argument")
    repository, text = asked.service.repository, asked.text("text")
    author = Author(asked.who.name)
    changed = policies.change(repository, model, text, files, author, seen=_said_seen(asked))
    return _told({"changed": changed})


def _row(asked: Asked) -> VersionRow:
    ref = refs.parse(asked.text("ref"))
    return resolved(asked.service, asked.who, str(replace(ref, registry="")))


def _role(asked: Asked, row: VersionRow) -> str:
    """As what one brings verdicts. Raises Refused for who may only read."""
    if asked.who.may(APPROVE, row.model):
        return "approver"
    asked.need(WRITE, row.model)
    return "writer"


def _judgement(given: object, row: VersionRow, alias: str) -> Judgement:
    gate = given.get("gate") if isinstance(given, dict) else None
    evidence = given.get("evidence") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(gate, str) or not isinstance(evidence, str):
        raise Usage("A verdict has a gate and evidence, which are texts", kind="argument")
    data = evidence.encode("utf-8", "replace")
    said = signed.verdict(row.model, row.manifest, alias, gate, canonical.digest(data))
    return Judgement(gate, data, signed.checked(given.get("signature"), signed.VERDICT, said))


def readable(asked: Asked, name: str) -> str:
    """The model that ``name`` means; one that may not be read does not exist."""
    known = asked.service.repository.index.model(name)
    if known is None or not asked.who.may(READ, known):
        raise NotFound(f"There is no model {name} here")
    return known


def _seen(asked: Asked, model: str) -> str | None:
    return seen_of(model, _said_seen(asked), lambda ref: resolved(asked.service, asked.who, ref))


def _said_seen(asked: Asked) -> str | None:
    seen = asked.body.get("seen")
    if seen is not None and not isinstance(seen, str):
        raise Usage("seen is no text", kind="argument")
    return seen


def _words(asked: Asked) -> str:
    text = asked.text("text")
    if len(text) > _LONGEST:
        raise Usage(f"A reason has at most {_LONGEST:,} characters", kind="argument")
    return text


def may(who: Principal, model: str, alias: str) -> Callable[[Rule], None]:
    """What raises unless ``who`` has the role that the rule wants."""

    def check(rule: Rule) -> None:
        if who.may(APPROVE, model):
            return
        if rule.promoter == "writer" and who.may(WRITE, model):
            return
        raise Refused(
            f"Not allowed: {who.name} may not promote {model} to {alias} here",
            act="Who may approve can do it",
            kind="role",
        )

    return check


def _told(value: object) -> Response:
    return Response(decided.told(value), media_type="application/json")
