"""`snapbook-serve DIR`: a bundle is served by what is in it, without a repository.

One set of options for this command and for the verb `serve`. The command has no book of trusted
signers: a model whose loading could execute something is loaded if the key that was named signed
it, or if that was asked for in so many words.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snapbook import listening, signing
from snapbook.errors import BadOption, Refused, SnapbookError, Unreachable, Untrusted
from snapbook.serve import local
from snapbook.serve.limits import Limits
from snapbook.serve.noting import Noting, noting
from snapbook.serve.options import HOST, KEY, LEASHED, OPTIONS, PORT, SOCKET

if TYPE_CHECKING:
    from snapbook.serve.load import Bundle
    from snapbook.serve.tokens import Tokens

AUTHOR = "author"  # what a signature under a Manifest is made for


@dataclass(frozen=True, slots=True)
class Serving:
    """What was asked for: where to listen, for whom, how long, how much.

    With a ``socket`` host and port say nothing, and whoever reaches it is believed.
    """

    host: str
    port: int
    tokens: Tokens
    linger_s: float
    limits: Limits
    socket: Path | None = None
    noting: Noting = field(default_factory=Noting)


def serving(given: Any) -> Serving:
    """The options of ``given``, as texts. Raises BadOption, and Refused for what is open to all."""
    from snapbook.serve.tokens import VARIABLE, Tokens, tokens

    host = given.host or HOST
    path = getattr(given, "socket", None)
    if path and (given.host or given.port or given.tokens):
        raise BadOption("--socket goes without --host, --port and --tokens", act="Take either")
    known = Tokens() if path else tokens(Path(given.tokens).expanduser() if given.tokens else None)
    if not known and not given.open and not listening.is_here(host):
        raise Refused(
            f"Not served: whoever reaches {host} could ask",
            act=f"Name --tokens FILE, set {VARIABLE}, or say --open",
        )
    default = Limits()
    limits = Limits(
        rows=_whole("--rows", given.rows, default.rows),
        waiting=_whole("--queue", given.queue, default.waiting),
        answer_s=_seconds("--timeout", given.timeout, default.answer_s, 0.001),
    )
    port = _whole("--port", given.port, PORT, 0, 65535)
    linger_s = _seconds("--linger", given.linger, 0.0)
    where = Path(path) if path else None
    return Serving(host, port, known, linger_s, limits, where, noting(given))


def check_signed(bundle: Bundle, key: str) -> None:
    """Raise Refused unless ``key`` signed the bundle's Manifest for its model."""
    author = bundle.author
    said = {"model": author.model, "manifest": author.manifest}
    same = author.key.lower() == key.lower() and author.manifest == bundle.facts.get("manifest")
    if not same or not signing.verify(author.key, author.signature, AUTHOR, said):
        raise Refused(
            f"Not served: {bundle.ref} was not signed with that key",
            act="Ask its author for his key, or say --trust",
            kind="untrusted",
        )


def model_of(bundle: Bundle, trusted: bool) -> Any:
    """The model of ``bundle``. Raises Untrusted where loading it needs trust that is not there,
    NotRestorable for weights that nobody could ask.
    """
    from snapbook.flavors import weights
    from snapbook.serve.load import NotAllowed

    bundle.check()
    weights.check_asked(bundle.ref, bundle.form)
    if trusted or not bundle.executes:
        return bundle.model()
    try:
        return bundle.model(plain=True)
    except NotAllowed as why:
        tops = dict.fromkeys(one.partition(":")[0].partition(".")[0] for one in bundle.imports)
        brings = ", ".join(list(tops)[:6]) + (f", +{len(tops) - 6}" if len(tops) > 6 else "")
        raise Untrusted(
            "Not loaded",
            f"{bundle.ref} is a pickle by {bundle.author.author or 'nobody who signed it'}"
            f" that imports {brings or 'nothing that can be told'} ({why})",
            act="If you trust them for it, say --trust",
        ) from why


def answer(
    bundle: Bundle, model: Any, asked: Serving, version: str, say: Callable[[str], None]
) -> str:
    """Answer until interrupted; gives the address. Raises Unreachable for one that is taken, and
    BadOption for hidden columns that it has not.
    """
    from snapbook.serve import logs, running
    from snapbook.serve.service import Service

    logs.begin()
    service = Service(bundle, model, asked.limits, asked.tokens, version, asked.noting)
    if (
        asked.socket is None
    ):  # of the versions of a front one may have a column that another has not
        asked.noting.check(service.schema.names)
    service.quiet = asked.socket is not None
    with listening_at(asked) as found:
        url = address(asked, found)
        line = f"serving {bundle.ref} at {url}. Stop it with Ctrl+C"
        running.run(service, found, lambda: say(line), asked.linger_s)
    return url


def address(asked: Serving, found: socket.socket) -> str:
    """Where the socket that was opened is asked."""
    if asked.socket is not None:
        return str(asked.socket)
    shown = f"[{asked.host}]" if ":" in asked.host else asked.host
    return f"http://{shown}:{found.getsockname()[1]}"


def listening_at(asked: Serving) -> socket.socket:
    """The open socket that was asked for. Raises Unreachable, Refused, Usage."""
    if asked.socket is not None:
        return local.listen(asked.socket)
    try:
        return listening.listen(asked.host, asked.port)
    except (OSError, OverflowError) as error:
        raise Unreachable(
            f"Not served: {asked.host}:{asked.port} cannot be listened on",
            act="Take another --port",
        ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `snapbook-serve`; gives the exit code."""
    from snapbook.serve.load import open_bundle

    given = _parser().parse_args(arguments)
    if given.leashed:
        local.leash(Path(given.socket) if given.socket else None)
    try:
        asked = serving(given)
        bundle = open_bundle(given.bundle)
        if given.key:
            check_signed(bundle, given.key)
        model = model_of(bundle, given.trust or bool(given.key))
        answer(bundle, model, asked, _release(), _say)
    except KeyboardInterrupt:
        return 130
    except SnapbookError as error:
        typed = error.hint if isinstance(error.hint, str) else ""
        tail = f"{error.act}: {typed}" if typed else error.act and f"{error.act}."
        sys.stderr.write(f"{error.sentence} {tail}".rstrip() + "\n")
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("snapbook-serve", description="Serve a bundle.")
    parser.add_argument("bundle", help="a bundle: a folder, or a .zip", metavar="DIR")
    for option in (*OPTIONS, KEY, SOCKET, LEASHED):
        if option.value:
            parser.add_argument(option.word, help=option.help, metavar=option.value)
        else:
            parser.add_argument(option.word, help=option.help, action="store_true")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _release() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("snapbook")
    except PackageNotFoundError:
        return "unknown"


def _whole(word: str, text: str | None, default: int, least: int = 1, most: int = 2**31) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or not least <= int(text[:12]) <= most:
        raise BadOption(f"{word} cannot be {text}", act=f"It takes {least} to {most}")
    return int(text)


def _seconds(word: str, text: str | None, default: float, least: float = 0.0) -> float:
    if text is None:
        return default
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not least <= found <= 3600:
        raise BadOption(f"{word} cannot be {text}", act="It takes seconds, up to 3600")
    return found


if __name__ == "__main__":
    sys.exit(main())
