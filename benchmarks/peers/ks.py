"""KServe's SDK: a custom model as its documentation shows it, asked as its sklearn server is."""

import argparse
import os

import joblib
import kserve
from kserve.utils.utils import get_predict_input, get_predict_response


class Served(kserve.Model):
    def __init__(self, name):
        super().__init__(name)
        self.model = joblib.load(os.environ["MODEL"])
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):  # noqa: ARG002 - theirs
        found = self.model.predict(get_predict_input(payload))
        return get_predict_response(payload, found, self.name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(parents=[kserve.model_server.parser])
    told, _ = parser.parse_known_args()
    server = kserve.ModelServer(workers=1, enable_grpc=False, http_port=told.http_port)
    server.start([Served("churn")])
