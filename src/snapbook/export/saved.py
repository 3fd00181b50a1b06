"""What TensorFlow does for a SavedModel: makes it of a Keras archive, loads it, and asks it.

Run as a copy of this file, in a folder with the archive and the rows, by a Python that has
TensorFlow and Keras and nothing of ours; so it imports nothing of ours.
"""

from __future__ import annotations

import json

MODEL, ROWS, ANSWERS, TREE, TOLD = "net.keras", "rows.npy", "answers.npy", "savedmodel", "made.json"
_SIGNATURE = "serving_default"  # what TensorFlow's servers ask


def main() -> None:
    """Make the SavedModel of the archive in this folder, and write what it says to the rows."""
    import keras
    import numpy as np
    import tensorflow

    net = keras.saving.load_model(MODEL, compile=False)
    net.export(TREE, verbose=False)
    again = tensorflow.saved_model.load(TREE)
    ask = again.signatures[_SIGNATURE]
    inputs = ask.structured_input_signature[1]
    if len(inputs) != 1 or len(ask.structured_outputs) != 1:
        raise SystemExit("it takes or answers more than one array")
    ((name, spec),) = inputs.items()
    rows = tensorflow.cast(np.load(ROWS, allow_pickle=False), spec.dtype)
    ((answer, said),) = ask(**{name: rows}).items()
    np.save(ANSWERS, said.numpy(), allow_pickle=False)
    shape = "" if spec.shape.rank is None else ", ".join(str(one or "?") for one in spec.shape)
    told = {
        "made": f"TensorFlow {tensorflow.__version__}, Keras {keras.__version__}",
        "inputs": {name: f"{spec.dtype.name} [{shape}]"},
        "outputs": [answer],
    }
    with open(TOLD, "w", encoding="utf-8") as out:
        json.dump(told, out)


if __name__ == "__main__":
    main()
