"""Clients that fall silent, or drip: cut by the server itself, while others are answered."""

import socket
import time
from contextlib import ExitStack, suppress

import httpx
import pytest

from snapbook.errors import BadOption
from snapbook.registry.wire import PATH
from snapbook.verbs import VERBS, Here

pytestmark = pytest.mark.slow  # it waits for what runs beside it

PATIENCE_S = 0.8
SOON_S = PATIENCE_S * 5  # on a machine that is busy with other things
HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    from standing import Standing

    standing = Standing(tmp_path_factory.mktemp("silent") / "registry", patience_s=PATIENCE_S)
    yield standing
    standing.stop()


@pytest.fixture
def connect(registry):
    """Called with text: a connection that said it."""
    with ExitStack() as open_:

        def make(text=""):
            host, port = registry.url.removeprefix("http://").split(":")
            line = open_.enter_context(socket.create_connection((host, int(port)), 20))
            line.sendall(text.format(token=registry.token, path=f"{PATH}/missing").encode())
            return line

        yield make


def rest(line):
    """What still comes until the end, and how long that takes."""
    begun, said = time.monotonic(), b""
    with suppress(ConnectionResetError):
        while piece := line.recv(65536):
            said += piece
    return said, time.monotonic() - begun


def test_who_says_nothing_is_let_go_without_a_word(connect):
    said, took_s = rest(connect())
    assert said == b""
    assert PATIENCE_S * 0.8 < took_s < SOON_S


def test_a_head_has_to_be_whole_in_time_however_it_comes(connect):
    line, begun = connect(HEAD), time.monotonic()
    with suppress(OSError):
        while time.monotonic() - begun < SOON_S * 2:
            line.sendall(b"X")
            time.sleep(PATIENCE_S / 8)
    assert time.monotonic() - begun < SOON_S
    said, _ = rest(connect(HEAD))
    assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"connection: close\r\n" in said


def test_a_body_that_stands_still_is_cut(registry, connect):
    said, took_s = rest(connect(HEAD + "Content-Length: 100\r\n\r\n{{"))
    assert said.startswith(b"HTTP/1.1 408 ")
    assert took_s < SOON_S
    # One that drips is no better: byte by byte it would take half an hour.
    line, begun = connect(HEAD + "Content-Length: 100000\r\n\r\n"), time.monotonic()
    with suppress(OSError):
        while time.monotonic() - begun < SOON_S * 2:
            line.sendall(b" ")
            time.sleep(PATIENCE_S / 8)
    assert time.monotonic() - begun < SOON_S
    # Nor one in pieces.
    chunked = HEAD + "Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"
    assert rest(connect(chunked))[0].startswith(b"HTTP/1.1 408 ")


def test_who_was_answered_before_he_ended_is_not_waited_for(connect):
    line = connect("POST /api/v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n")
    assert line.recv(65536).startswith(b"HTTP/1.1 401 ")
    for _ in range(4):
        line.sendall(b" ")
        time.sleep(PATIENCE_S / 8)
    assert rest(line)[1] < SOON_S


def test_a_slow_body_that_goes_on_is_heard_to_its_end(registry):
    def slow():
        yield b'{"digests": []'
        for _ in range(4):
            yield b" " * 1024
            time.sleep(PATIENCE_S * 0.45)
        yield b"}"

    headers = {"Authorization": f"Bearer {registry.token}"}
    begun = time.monotonic()
    answer = httpx.post(f"{registry.url}{PATH}/missing", content=slow(), headers=headers)
    assert time.monotonic() - begun > PATIENCE_S
    assert answer.status_code == 200, answer.text


def test_who_does_not_take_his_answer_is_cut(registry, connect):
    """So many answers at once that they wait for him, and he reads none."""
    line = connect()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one = (
        f"GET {PATH}/openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {registry.token}\r\n"
        "Connection: {}\r\n\r\n"
    ).encode()
    before = len(registry.connections)
    until = time.monotonic() + 20
    with suppress(OSError):
        line.settimeout(0.2)
        while time.monotonic() < until:
            line.sendall(one.replace(b"{}", b"keep-alive") * 10)
    while len(registry.connections) > before:
        assert time.monotonic() < until, "it was kept"
        time.sleep(0.05)


def test_others_are_answered_meanwhile_and_a_kept_connection_ends(registry, connect):
    silent = [connect(HEAD) for _ in range(40)] + [connect() for _ in range(40)]
    with httpx.Client(base_url=registry.url, timeout=5) as client:
        begun = time.monotonic()
        assert client.get("/healthz").status_code == 200
        assert time.monotonic() - begun < SOON_S
    for line in silent:
        rest(line)
    kept = connect("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert rest(kept)[1] < 8


@pytest.mark.parametrize("text", ["-1", "long", "inf", "nan"])
def test_a_patience_that_is_none(tmp_path, text):
    with Here(tmp_path, face="cli") as here, pytest.raises(BadOption, match="--patience cannot be"):
        VERBS["registry"].run(here, VERBS["registry"].parse(["serve", "--patience", text]))
