"""A chain of events and its blobs, written as a repository writes them, without one."""

from snapbook import canonical
from snapbook.catalog.index import Index
from snapbook.catalog.memory import MemoryCatalog
from snapbook.store.memory import MemoryStore


class Book:
    """A chain and a store that are written as a repository writes them."""

    def __init__(self, catalog=None, store=None):
        self.catalog = catalog or MemoryCatalog()
        self.store = store or MemoryStore()
        self.clock = 0
        self.expected = None  # the head to append to; None for whatever is newest

    def put(self, value):
        writer = self.store.writer()
        digest = writer.add(canonical.encode(value))
        writer.commit()
        writer.close()
        return digest

    def event(self, kind, body, author="ada"):
        self.clock += 1
        time = f"2026-11-21T14:{self.clock // 60:02d}:{self.clock % 60:02d}.000000Z"
        return self.catalog.append(kind, body, author, time, self.expected or self.catalog.head())

    def part(self, kind, **facts):
        return self.put({"kind": kind, "name": "model", "facts": facts, "blobs": []})

    def version(
        self, model, number, metrics=(), params=(), tags=(), message="", document="", **more
    ):
        parts = [
            ("model", self.part("model", class_name="RandomForestClassifier", trees=100)),
            ("params", self.part("params", values=dict(params))),
            ("metrics", self.part("metrics", values=dict(metrics), main="accuracy",
                                  directions={"accuracy": "max", "loss": "min"})),
        ]  # fmt: skip
        listed = [{"kind": k, "name": "model", "part": digest} for k, digest in parts]
        if document:
            digest = self.part("notebook", valid=True)
            listed.append({"kind": "notebook", "name": document, "part": digest})
        manifest = self.put(
            {
                "parts": listed,
                "author": {"name": "ada", "key": ""},
                "message": message,
                "parents": [],
                "time": str(self.clock),
            }
        )
        texts = {"salt": str(self.clock), "message": message, "reason": "refit", "tags": dict(tags)}
        body = {
            "model": model,
            "number": number,
            "manifest": manifest,
            "key": canonical.digest(number.encode()),
            "bump": "minor",
            "texts": self.put(texts),
            "parents": [],
            "auto": False,
            **more,
        }
        self.event("version", body)
        return manifest

    def index(self, path=None):
        index = Index(path, self.store.get)
        index.follow(self.catalog)
        return index
