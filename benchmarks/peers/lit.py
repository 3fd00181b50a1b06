"""LitServe, as its documentation shows it; with `BATCH` its own batching."""

import os
import sys

import joblib
import litserve
import pandas as pd

BATCH = int(os.environ.get("BATCH", "1"))


class Api(litserve.LitAPI):
    def setup(self, device):  # noqa: ARG002 - theirs
        self.model = joblib.load(os.environ["MODEL"])

    def decode_request(self, request):
        return request["rows"][0]

    def predict(self, rows):
        return self.model.predict(pd.DataFrame(rows if BATCH > 1 else [rows])).tolist()

    def encode_response(self, output):
        return {"predictions": output}


if __name__ == "__main__":
    api = Api(max_batch_size=BATCH, batch_timeout=0.02)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(port=int(sys.argv[1]), num_api_servers=1, generate_client_file=False)
