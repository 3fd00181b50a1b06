"""One address and one token: requests that are repeated where that is safe, errors as ours.

Knows HTTP and nothing of what is asked. The token goes into a header and nowhere else: no address,
log or error text of ours has it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from snapbook import canonical, failure
from snapbook.errors import BadOption, Unreachable
from snapbook.registry import wire
from snapbook.registry.statement import ASKED

if TYPE_CHECKING:
    import httpx

    from snapbook.registry.pinned import Pinned

_TRIES = 4
_WAIT_S = 0.2  # doubled with each try
_PACE_S = 1.0  # what a registry asks of who is too quick for it
_AGAIN = {502, 503, 504}
TOO_MANY = "too-many"


class Http:
    """Requests to the registry at ``url``."""

    def __init__(
        self, url: str, token: str, timeout_s: float = 60, pinned: Pinned | None = None
    ) -> None:
        import httpx

        self.name = checked_url(url)
        self._pinned = pinned
        self._client = httpx.Client(
            base_url=self.name + wire.PATH,
            headers={**_authorization(token), wire.FORM: str(wire.EVENTS)},
            timeout=httpx.Timeout(timeout_s, connect=10),
            # An answer that points elsewhere would take the token along.
            follow_redirects=False,
        )

    def close(self) -> None:
        """End all connections; a later request fails."""
        self._client.close()

    def get(self, path: str, **query: object) -> Any:
        """The JSON that ``path`` answers with; asked again when the connection fails."""
        return self.again(lambda: self._json("GET", path, params=_given(query)))

    def bytes(self, path: str, **query: object) -> bytes:
        """The bytes that ``path`` answers with."""
        answer: httpx.Response = self.again(lambda: self.once("GET", path, params=_given(query)))
        return answer.content

    def post(self, path: str, body: Mapping[str, Any], *, repeat: bool = False) -> Any:
        """The JSON that posting gives; asked again only if doing it twice is doing it once."""
        if repeat:
            return self.again(lambda: self._json("POST", path, json=body))
        return self._json("POST", path, json=body)

    def once(self, method: str, path: str, **named: Any) -> httpx.Response:
        """One request and its answer. Raises Unreachable, or what the answer says.

        Raises Refused where it is not what the registry with the pinned key says now.
        """
        if self._pinned is None:
            with _told(self.name):
                return _sound(self._client.request(method, path, **named))
        asking, begun = self._pinned.asking(), datetime.now(UTC)
        named["headers"] = {**named.get("headers", {}), ASKED: str(asking)}
        with _told(self.name):
            answer = self._client.request(method, path, **named)
        self._pinned.check(asking, answer, begun)
        return _sound(answer)

    @contextmanager
    def stream(self, path: str, body: Mapping[str, Any], **query: object) -> Iterator[Any]:
        """The answer to a post as an iterator of bytes."""
        with (
            _told(self.name),
            self._client.stream("POST", path, json=body, params=_given(query)) as answer,
        ):
            if answer.is_error:
                answer.read()
            yield _sound(answer).iter_bytes()

    def again(self, ask: Callable[[], Any]) -> Any:
        """What ``ask`` gives, tried a few times while nothing answers."""
        for attempt in range(_TRIES):
            try:
                return ask()
            except Unreachable as error:
                if attempt == _TRIES - 1:
                    raise
                time.sleep(_PACE_S if error.kind == TOO_MANY else _WAIT_S * 2**attempt)
        raise AssertionError("the last try returned or raised")

    def _json(self, method: str, path: str, **named: Any) -> Any:
        answer = self.once(method, path, **named)
        try:
            return canonical.decode(answer.content)
        except ValueError as error:
            raise _strange(self.name) from error


def checked_url(url: str) -> str:
    """``url`` without what does not belong there. Raises BadOption, repeating no password."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadOption("That is no address of a registry", act="Like: https://models.example.com")
    if parts.username or parts.password:
        raise BadOption(
            "An address with a password is not kept", act="Leave it out and log in with a token"
        )
    port = f":{parts.port}" if parts.port else ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _authorization(token: str) -> dict[str, str]:
    """The header for ``token``; none for what cannot stand in one, which the registry refuses."""
    sound = token.isascii() and token.isprintable() and token.strip() == token != ""
    return {"Authorization": f"Bearer {token}"} if sound else {}


def _given(query: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in query.items() if value not in ("", None)}


def _sound(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        value = answer.json()
    except (ValueError, RecursionError):
        value = None
    if answer.status_code in _AGAIN and not isinstance(value, Mapping):
        raise Unreachable(f"{answer.url.host} answers {answer.status_code}", act="Try again later")
    raise failure.raised(answer.status_code, value)


@contextmanager
def _told(name: str) -> Iterator[None]:
    import httpx

    try:
        yield
    except httpx.TimeoutException as error:
        raise Unreachable(f"{name} does not answer in time", act="Try again later") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(f"{name} cannot be reached", act="Try again later") from error


def _strange(name: str) -> Unreachable:
    return Unreachable(
        f"{name} answers, and not as a registry does", act="Look at the address once more"
    )
