"""What a server of predictions answers, as OpenAPI 3.1: with the real columns and their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from snapbook.serve.schema import PROBA, Column, Kind

if TYPE_CHECKING:
    from snapbook.serve.service import Service

_TYPES: Mapping[Kind, str] = {
    "float": "number", "int": "integer", "bool": "boolean", "text": "string", "time": "string",
}  # fmt: skip
_WHY = {
    "400": "The request is not what the model takes; column and row say where",
    "401": "A token is needed",
    "413": "The body is too large",
    "503": "Too much is asked at once, or the server is about to stop; see Retry-After",
    "504": "The model took too long",
}


def document(service: Service) -> dict[str, Any]:
    """The whole document."""
    schema = service.schema
    model = f"/v2/models/{schema.model}"
    paths = {
        "/predict": {"post": _predict(service)},
        f"{model}/infer": {"post": _infer()},
        model: {"get": _told("Inputs and outputs, as the V2 protocol tells them")},
        f"{model}/ready": {"get": _told("Whether the model answers")},
        "/v2": {"get": _told("The server and the extensions that it knows")},
        "/v2/health/live": {"get": _told("The process lives", open=True)},
        "/v2/health/ready": {"get": _told("Requests are answered", open=True)},
        "/metrics": {"get": _told("Counts, for Prometheus")},
        "/window": {"get": _told("What was met within the last ?seconds=60: drift, errors")},
        "/feedback": {"post": _feedback()},
    }
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": schema.model,
            "version": schema.number,
            "description": f"Manifest {schema.manifest}",
        },
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {"schemas": {"Row": _row(service), "Rows": _rows(service), "Error": _ERROR}},
    }
    return secured(found) if service.tokens else found


def secured(found: dict[str, Any]) -> dict[str, Any]:
    """The document of a server that asks for a token."""
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"token": []}]
    return found


_ERROR: Mapping[str, Any] = {
    "type": "object",
    "required": ["error", "kind"],
    "properties": {
        "error": {"type": "string", "description": "What is wrong, in a sentence"},
        "kind": {"type": "string"},
        "column": {"type": "string"},
        "row": {"type": "integer", "description": "Counted from 0"},
    },
}


def _row(service: Service) -> dict[str, Any]:
    columns = service.schema.columns
    found: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "required": [column.name for column in columns],
        "properties": {column.name: _property(column) for column in columns},
    }
    if service.example:
        found["examples"] = service.example
    return found


def _rows(service: Service) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "rows": {
            "type": "array",
            "minItems": 1,
            "maxItems": service.limits.rows,
            "items": {"$ref": "#/components/schemas/Row"},
        }
    }
    if PROBA in service.methods:
        properties["probabilities"] = {"type": "boolean", "default": False}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["rows"],
        "properties": properties,
    }


def _property(column: Column) -> dict[str, Any]:
    kind = _TYPES.get(column.kind)
    found: dict[str, Any] = {}
    if kind is not None:
        found["type"] = [kind, "null"] if column.nullable else kind
    if column.kind == "time":
        found["format"] = "date-time"
    if column.categories:
        found["examples"] = list(column.categories)
    return found | {"description": column.type or "any"}


def _predict(service: Service) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "model": {"type": "string"},
        "number": {"type": "string"},
        "predictions": {"type": "array", "description": "One a row, in their order"},
    }
    if PROBA in service.methods:
        answers["probabilities"] = {"type": "array", "description": "One a row, where asked for"}
    return {
        "summary": "Predict rows",
        "requestBody": _json({"$ref": "#/components/schemas/Rows"}) | {"required": True},
        "responses": _responses({"type": "object", "properties": answers}),
    }


def _infer() -> dict[str, Any]:
    body = {"type": "object", "required": ["inputs"]}
    return {
        "summary": "Infer by the V2 protocol: a tensor a column, in JSON or as bytes behind it",
        "requestBody": _json(body) | {"required": True},
        "responses": _responses({"type": "object"}),
    }


def _feedback() -> dict[str, Any]:
    outcome = {
        "type": "object",
        "required": ["id", "outcome"],
        "properties": {
            "id": {"type": "string", "description": "X-Request-Id of the answer"},
            "row": {"type": "integer", "default": 0},
            "outcome": {"description": "What was true"},
        },
    }
    either = {"oneOf": [outcome, {"type": "array", "items": outcome}]}
    counts = {"taken": {"type": "integer"}, "unknown": {"type": "integer"}}
    return {
        "summary": "Tell what was true of rows that were predicted",
        "requestBody": _json(either) | {"required": True},
        "responses": _responses({"type": "object", "properties": counts}),
    }


def _responses(schema: Mapping[str, Any]) -> dict[str, Any]:
    error = _json({"$ref": "#/components/schemas/Error"})
    good = {"description": "The answers"} | _json(schema)
    return {"200": good} | {status: {"description": why} | error for status, why in _WHY.items()}


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _told(summary: str, *, open: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"summary": summary, "responses": {"200": {"description": summary}}}
    return found | {"security": []} if open else found
