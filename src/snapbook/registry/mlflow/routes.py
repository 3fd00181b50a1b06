"""The table of MLflow's calls, and the routes that are made of it.

Each call is a function of one file a subject: a `Call` in, a JSON object out. Errors are told in
MLflow's form, on these paths alone.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from snapbook.errors import NotFound, SnapbookError, Unreachable
from snapbook.registry.mlflow import (
    aliases,
    artifacts,
    experiments,
    logged,
    models,
    runs,
    told,
    versions,
)
from snapbook.registry.mlflow.call import Call, called

Act = Callable[[Call], dict[str, Any]]
PATH = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts"
SERVER = "/api/3.0/mlflow"
STARTS = (f"{PATH}/", f"{ARTIFACTS}/", f"{SERVER}/")  # what all of MLflow's paths begin with
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

CALLS: Mapping[tuple[str, str], Act] = {
    ("POST", "registered-models/create"): models.create,
    ("POST", "registered-models/rename"): models.rename,
    ("PATCH", "registered-models/update"): models.update,
    ("DELETE", "registered-models/delete"): models.delete,
    ("GET", "registered-models/get"): models.get,
    ("GET", "registered-models/search"): models.find,
    ("GET", "registered-models/get-latest-versions"): models.latest,
    ("POST", "registered-models/get-latest-versions"): models.latest,
    ("POST", "registered-models/set-tag"): models.set_tag,
    ("DELETE", "registered-models/delete-tag"): models.delete_tag,
    ("POST", "registered-models/alias"): aliases.set_alias,
    ("DELETE", "registered-models/alias"): aliases.delete,
    ("GET", "registered-models/alias"): aliases.get,
    ("POST", "model-versions/create"): versions.create,
    ("PATCH", "model-versions/update"): versions.update,
    ("POST", "model-versions/transition-stage"): aliases.transition,
    ("DELETE", "model-versions/delete"): versions.delete,
    ("GET", "model-versions/get"): versions.get,
    ("GET", "model-versions/search"): versions.find,
    ("GET", "model-versions/get-download-uri"): versions.download,
    ("POST", "model-versions/set-tag"): versions.set_tag,
    ("DELETE", "model-versions/delete-tag"): versions.delete_tag,
    ("POST", "experiments/create"): experiments.create,
    ("GET", "experiments/get"): experiments.get,
    ("GET", "experiments/get-by-name"): experiments.get_by_name,
    ("POST", "runs/create"): runs.create,
    ("POST", "runs/update"): runs.update,
    ("GET", "runs/get"): runs.get,
    ("POST", "runs/log-parameter"): runs.log_parameter,
    ("POST", "runs/log-metric"): runs.log_metric,
    ("POST", "runs/log-batch"): runs.log_batch,
    ("GET", "metrics/get-history"): runs.history,
    ("POST", "runs/log-inputs"): runs.log_inputs,
    ("POST", "runs/outputs"): runs.log_outputs,
    ("POST", "runs/set-tag"): runs.set_tag,
    ("POST", "runs/delete-tag"): runs.delete_tag,
    ("POST", "logged-models"): logged.create,
    ("POST", "logged-models/search"): logged.find,
    ("GET", "logged-models/{model_id}"): logged.get,
    ("PATCH", "logged-models/{model_id}"): logged.finalize,
    ("PATCH", "logged-models/{model_id}/tags"): logged.set_tags,
    ("POST", "logged-models/{model_id}/params"): logged.log_params,
}
Called = Annotated[Call, Depends(called)]


class _Route(APIRoute):
    """A route whose errors are told as MLflow's client reads them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except Unreachable:
                raise  # its words are for who keeps the registry: the application hides them
            except SnapbookError as error:
                return told.refusal(error)

        return answer


def _answering(act: Act) -> Callable[[Call], Response]:
    def answer(call: Called) -> Response:
        return JSONResponse(act(call))

    answer.__doc__ = act.__doc__
    return answer


def _download(call: Called) -> Response:
    """The bytes of an artifact."""
    return artifacts.download(call)


async def _upload(request: Request) -> Response:
    """Take an artifact of a run or a logged model."""
    await artifacts.upload(request)
    return JSONResponse({})


def _server() -> dict[str, Any]:
    """What MLflow's client may use of this server beside its calls: nothing."""
    return {
        "store_type": "snapbook",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": False,
        "multipart_downloads_enabled": False,
        "presigned_upload_run_id_supported": False,
        "presigned_upload_model_id_supported": False,
    }


def _unknown(rest: str) -> Response:
    """Whatever else MLflow's client asks: refused in a sentence."""
    shown = "".join(letter for letter in rest[:60] if letter.isprintable())
    raise NotFound(
        f"This registry does not answer {shown}",
        "of MLflow it has the model registry, and what logging a model needs",
        kind=told.UNKNOWN_CALL,
    )


def _router() -> APIRouter:
    router = APIRouter(tags=["mlflow"], route_class=_Route)
    for (method, path), act in CALLS.items():
        router.add_api_route(f"{PATH}/{path}", _answering(act), methods=[method])
    files = f"{ARTIFACTS}/artifacts"
    router.add_api_route(files, _answering(artifacts.find), methods=["GET"])
    router.add_api_route(f"{files}/{{path:path}}", _download, methods=["GET"])
    router.add_api_route(f"{files}/{{path:path}}", _upload, methods=["PUT"])
    router.add_api_route(f"{SERVER}/server-info", _server, methods=["GET"])
    for start in STARTS:
        for method in _METHODS:
            router.add_api_route(f"{start}{{rest:path}}", _unknown, methods=[method])
    return router


routes = _router()
