"""Registries of images that tests start here: Debian's docker-registry, on loopback."""

from __future__ import annotations

import base64
import datetime
import json
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from servers import answers, free_ports, until

PROGRAM = shutil.which("docker-registry")
# Of ada, whose password this is, made by bcrypt.
PASSWORD = "secret-of-ada"
HTPASSWD = "ada:$2y$04$abcdefghijklmnopqrstuulx9V0g54Nwc1p1HShN5XGz72A325uSa\n"


@contextmanager
def registry(folder, auth=None):
    """HOST:PORT of a registry that keeps its files in ``folder``."""
    folder.mkdir()
    (port,) = free_ports(1)
    told = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "files")}},
        "http": {"addr": f"127.0.0.1:{port}"},
        **({"auth": auth} if auth else {}),
    }
    (folder / "config.yml").write_text(yaml.safe_dump(told))
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "serve", str(folder / "config.yml")], stdout=log, stderr=log
        )
        try:
            until(lambda: answers(port), "docker-registry", process)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def basic(folder):
    """What lets ada in, and nobody else."""
    path = folder / "htpasswd"
    path.write_text(HTPASSWD)
    return {"htpasswd": {"realm": "tests", "path": str(path)}}


@contextmanager
def cutting(host, after, times):
    """HOST:PORT of what passes on to ``host``, and breaks off ``times`` connections that brought
    more than ``after`` bytes.
    """
    left = [times]
    name, _, port = host.partition(":")

    def passed(source, target, counted):
        count = 0
        with suppress(OSError):
            while data := source.recv(16384):
                count += len(data)
                if counted and count > after and left[0] > 0:
                    left[0] -= 1
                    break
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    with passing((name, int(port)), passed) as found:
        yield found, left


@contextmanager
def passing(target, passed):
    """HOST:PORT of what gives ``passed`` both ways of each connection, one that it made to
    ``target`` beside it.
    """
    held = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(target)
                held.extend((client, server))
                for words in ((client, server, True), (server, client, False)):
                    threading.Thread(target=passed, args=words, daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for one in held:
            one.close()


@contextmanager
def stalling(host, after, pause_s=None):
    """HOST:PORT of what passes on to ``host`` the first ``after`` bytes of all connections, and
    then no more; with ``pause_s`` a few at a time, as slowly as that.
    """
    name, _, port = host.partition(":")
    count = [0]
    ending = threading.Event()

    def passed(source, target, counted):
        with suppress(OSError):
            while data := source.recv(8192):
                count[0] += len(data) * counted
                if counted and count[0] > after:
                    ending.wait(60 if pause_s is None else pause_s)
                target.sendall(data)

    with passing((name, int(port)), passed) as found:
        yield found
        ending.set()


@contextmanager
def trickling(piece=b" "):
    """HOST:PORT of what answers everybody with ``piece`` again and again."""
    ending = threading.Event()

    class Endless(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while not ending.wait(0.05):
                    self.wfile.write(piece)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def tokens(folder):
    """What a registry is told of a server of tokens that knows ada, and what it was asked for."""
    keys(folder)
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            query = parse_qs(urlsplit(self.path).query)
            asked.append(query.get("scope", [""])[0])
            name, _, rest = asked[-1].removeprefix("repository:").partition(":")
            wanted = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
            known = self.headers.get("Authorization") == f"Basic {wanted}"
            told = {"token": token(folder, name, rest.split(","))} if known else {}
            self.send_response(200 if known else 401)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    realm = f"http://127.0.0.1:{server.server_port}/token"
    try:
        yield {"token": {"realm": realm, "service": "tests", "issuer": "tests",
                         "rootcertbundle": str(folder / "cert.pem")}}, asked  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def keys(folder):
    """A key and its certificate, in files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.datetime.now(datetime.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(cert.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(private)
    (folder / "cert.der").write_bytes(cert.public_bytes(Encoding.DER))


def token(folder, name, acts=("pull", "push")):
    """What lets one into the repository ``name``."""
    now = int(time.time())
    told = {"iss": "tests", "aud": "tests", "sub": "ada", "nbf": now - 5, "exp": now + 60,
            "access": [{"type": "repository", "name": name, "actions": list(acts)}]}  # fmt: skip
    chain = [base64.b64encode((folder / "cert.der").read_bytes()).decode()]
    key = (folder / "key.pem").read_bytes()
    return jwt.encode(told, key, "ES256", headers={"x5c": chain})
