"""BentoML, as its documentation shows it; with `BATCH` its adaptive batching."""

import os

import bentoml
import joblib
import pandas as pd

BATCH = int(os.environ.get("BATCH", "1"))


@bentoml.service(workers=1)
class Served:
    def __init__(self):
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api(batchable=BATCH > 1, max_batch_size=max(BATCH, 2))
    def predict(self, rows: list[dict[str, float]]) -> list[int]:
        return self.model.predict(pd.DataFrame(rows)).tolist()
