"""`model.predict` behind bare ASGI: the least that serving a model over HTTP can cost."""

import json
import os

import joblib
import pandas as pd

MODEL = joblib.load(os.environ["MODEL"])


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"].rpartition(".")[2]
            await send({"type": f"lifespan.{kind}.complete"})
            if kind == "shutdown":
                return
    body, more = b"", scope["method"] == "POST"
    while more:
        message = await receive()
        body += message["body"]
        more = message.get("more_body", False)
    rows = json.loads(body)["rows"] if body else []
    said = MODEL.predict(pd.DataFrame(rows)).tolist() if rows else []
    data = json.dumps({"predictions": said}).encode()
    length = (b"content-length", str(len(data)).encode())
    headers = [(b"content-type", b"application/json"), length]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})
