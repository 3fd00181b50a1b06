"""A project as a notebook would leave it: versions with cells, outputs, frames and files."""

from __future__ import annotations

import json

from snapbook import canonical, places
from snapbook.capture import Draft
from snapbook.lineage.log import Cell
from snapbook.parts import cells, files, notebook
from snapbook.parts.base import Part
from snapbook.repository import Author, Wish

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
SOURCES = (
    "import helpers\ndf = pd.read_csv('churn.csv')",
    "X_train = df.drop(columns='y')\ny_train = df['y']",
    "print('nothing of it is used')",
    "%%version_model churn\nmodel = Forest(depth={depth}).fit(X_train, y_train)\naccuracy = 0.9",
)
HOSTILE = "<img src=x onerror=alert(1)>\x1b[31mred\x1b[0m </script>"


def outputs(place):
    """The outputs of the cell at ``place`` in the document."""
    if place == 2:
        return [
            {"output_type": "stream", "name": "stdout", "text": ["a\n", HOSTILE]},
            {"output_type": "display_data", "metadata": {}, "data": {
                "image/png": PIXEL, "text/plain": "a picture"}},
            {"output_type": "display_data", "metadata": {}, "data": {
                "text/html": [HOSTILE, "\n" + "x" * 3000], "text/plain": "a page"}},
            {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[1mE\x1b[0m"]},
            {"output_type": "display_data", "metadata": {}, "data": {
                "text/plain": "y" * 1_100_000}},
            {"output_type": "display_data", "metadata": {}, "data": {"application/x-own": "z"}},
        ]  # fmt: skip
    return []


def document(folder, name="train.ipynb", cards=()):
    """A notebook on disk with the cells of `SOURCES`."""
    listed = [
        {"cell_type": "code", "id": f"cell{place}", "metadata": {}, "execution_count": place + 1,
         "source": source, "outputs": outputs(place)}
        for place, source in enumerate(SOURCES)
    ]  # fmt: skip
    for ref in cards:
        card = {"application/vnd.snapbook.card+json": {"ref": ref, "digest": "0" * 64}}
        listed[0]["outputs"].append(
            {"output_type": "display_data", "metadata": {}, "data": {**card, "text/plain": "x"}}
        )
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    return path


def save(folder, depth=1, *, model="churn", author="ada", notebook_path=None, **wish):
    """Make a version of ``model`` in the repository of ``folder``; gives its row."""
    with places.make_repository(folder) as repository:
        writer = repository.store.writer()
        try:
            parts = list(_parts(folder, depth, writer, notebook_path))
            digests = tuple(writer.add(part.encode()) for part in parts)
            key = canonical.digest(f"{model}{depth}".encode())
            draft = Draft(model, tuple(parts), digests, key)
            return repository.save(draft, writer, Wish(**wish), Author(author)).version
        finally:
            writer.close()


def _parts(folder, depth, writer, notebook_path):
    yield Part(
        "model",
        "model",
        {"class_name": "Forest", "digest": canonical.digest(str(depth).encode())},
        (writer.add(b"cposix\nsystem\n(S'touch executed'\ntR."),),
    )
    values = {"depth": depth, "seed": 0, "loss": float("nan")}
    yield Part("params", "params", {"values": values, "set": ["depth"]})
    yield Part("metrics", "metrics", {
        "values": {"accuracy": 0.9 + depth / 100}, "main": "accuracy",
        "directions": {"accuracy": "max"}})  # fmt: skip
    for name, shape in (("X_train", [426, 30]), ("y_train", [426])):
        yield Part("frame", name, {"shape": shape, "role": "train", "digest": "0" * 64})
    read = [{"path": "data/churn.csv", "size": 3, "digest": "0" * 64}]
    yield Part("files", "read", {"files": read})
    text = writer.add(b"def f(): pass\n")
    module = {"path": "helpers.py", "module": "helpers", "digest": text, "size": 14}
    yield Part("files", "modules", {"files": [module]}, (text,))
    (folder / "notes.md").write_text("what the committee asked for\n")
    (folder / "big.bin").write_bytes(bytes(range(256)))
    yield files.capture_attachments(["notes.md", "big.bin"], writer, folder)[0]
    log = [
        Cell(place, place + 1, f"cell{place}", source.format(depth=depth), outcome="ok")
        for place, source in enumerate(SOURCES)
    ]
    yield cells.capture(log, [0, 1, 3], 3, writer)
    if notebook_path is not None:
        yield notebook.capture(notebook_path, writer, str, folder)[0]
