"""The ASGI application: routes, limits, and the way of a request through decode, validate, score and encode."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Callable, Optional
from urllib.parse import parse_qs

import orjson

from ..bundle import Bundle
from . import inference, openapi
from .csv_rows import decode_csv
from .distribution import Distribution
from .errors import ServiceError, internal, invalid_rows, malformed, too_large
from .heads import ID, Scope, content_type, is_copy, request_id_of
from .log import log
from .metrics import Metrics
from .page import page
from .readiness import Readiness
from .scorer import Scorer
from .strict_json import decode_json
from .truths import Truths
from .validate import Validator, rows_of

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

#: A body that trickles in slower than this is given up.
BODY_SECONDS = 30.0


class App:
    """One bundle behind HTTP."""

    def __init__(self, bundle: Bundle, name: str, version: str, data_dir: Optional[Path] = None) -> None:
        self.bundle, self.name, self.version = bundle, name, version
        self.metrics = Metrics(name, version)
        self.scorer = Scorer(bundle, lambda stage, seconds: self._stage(stage, seconds))
        self.readiness = Readiness(bundle, self.scorer)
        self._validator = Validator(bundle.contract)
        self._truths = Truths(data_dir)
        self._distribution = Distribution(bundle.profile, self.metrics)
        self._openapi = orjson.dumps(
            bundle.openapi or openapi.document(bundle.contract.document, name, bundle.examples)
        )
        self.metrics.set("iapp_model_info", 1, predict_path="as_written")
        self._routes: dict[str, tuple[str, Callable[[Scope, Receive, str], Awaitable[Answer]]]] = {
            "/predict": ("POST", self._predict),
            "/feedback": ("POST", self._feedback),
            f"/v2/models/{name}/infer": ("POST", self._infer),
            f"/v2/models/{name}": ("GET", self._model),
            f"/v2/models/{name}/ready": ("GET", self._ready),
            "/v2": ("GET", self._server),
            "/v2/health/live": ("GET", self._live),
            "/v2/health/ready": ("GET", self._ready),
            "/livez": ("GET", self._live),
            "/readyz": ("GET", self._ready),
            "/metrics": ("GET", self._metrics),
            "/openapi.json": ("GET", self._openapi_json),
            "/profile": ("GET", self._profile),
            "/": ("GET", self._page),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1003})
            return
        began = time.perf_counter()
        request_id = request_id_of(scope)
        route = scope["path"] if scope["path"] in self._routes else "other"
        self.metrics.in_progress += 1
        try:
            answer = await self._answer(scope, receive, request_id)
        finally:
            self.metrics.in_progress -= 1
        await self._send(send, answer, request_id, head=scope["method"] == "HEAD")
        if is_copy(scope):
            self.metrics.count("iapp_mirrored_requests_total", route=route, code=str(answer.status))
            return
        self.metrics.count("iapp_requests_total", route=route, code=str(answer.status))
        self.metrics.observe("iapp_request_duration_seconds", time.perf_counter() - began, route=route)

    async def _answer(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        try:
            found = self._routes.get(scope["path"])
            if found is None:
                raise ServiceError(404, "not_found", "there is nothing here; / and /openapi.json say what there is")
            method, handler = found
            if scope["method"] != method and not (scope["method"] == "HEAD" and method == "GET"):
                allowed = "GET, HEAD" if method == "GET" else method
                raise ServiceError(405, "method", f"only {allowed}", headers={"allow": allowed})
            return await handler(scope, receive, request_id)
        except ServiceError as error:
            if error.status == 503:
                self.metrics.count("iapp_requests_shed_total", reason=error.code)
            for problem in [] if is_copy(scope) else error.details:
                self.metrics.count("iapp_rejected_rows_total", feature=problem.field or "", reason=problem.reason)
            if error.status >= 500 and error.status != 503:
                log("error", error.message, id=request_id)
            return Answer(error.status, orjson.dumps(error.to_json(request_id)), headers=error.headers)
        except ConnectionResetError:
            return Answer(400, b"")
        except Exception as error:
            # The answer has the id only; the reason stays here.
            trace = traceback.format_exc(limit=-6).splitlines()
            log("error", f"scoring failed: {type(error).__name__}", id=request_id, trace=trace)
            return Answer(500, orjson.dumps(internal().to_json(request_id)))

    # -- routes

    async def _predict(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        kind = content_type(scope)
        body = await self._body(scope, receive)
        began = time.perf_counter()
        if kind == "text/csv":
            rows: list[Any] = decode_csv(body, self.bundle.contract)
        else:
            rows = rows_of(decode_json(body), self.bundle.contract)
        self._stage("decode", time.perf_counter() - began)
        predictions, probabilities = await self._score(rows, self._wants_proba(scope), not is_copy(scope))
        began = time.perf_counter()
        document: dict[str, Any] = {"predictions": predictions}
        if probabilities is not None:
            document["probabilities"] = probabilities
        document.update(version=self.version, id=request_id)
        encoded = orjson.dumps(document)
        self._stage("encode", time.perf_counter() - began)
        return Answer(200, encoded)

    async def _infer(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        if content_type(scope) != "application/json":
            raise ServiceError(415, "media_type", "send application/json")
        document = decode_json(await self._body(scope, receive))
        rows = inference.rows_of_inputs(document, self.bundle.contract)
        given = document.get("id")
        answered = given if type(given) is str and ID.match(given) else request_id
        predictions, _ = await self._score(list(rows), False, not is_copy(scope))
        found = inference.answer(predictions, self.bundle.contract, self.name, self.version, answered)
        return Answer(200, orjson.dumps(found))

    async def _score(
        self, rows: list[Any], proba: bool, counted: bool
    ) -> tuple[list[Any], Optional[list[dict[str, float]]]]:
        began = time.perf_counter()
        checked = self._validator.check(rows)
        self._stage("validate", time.perf_counter() - began)
        if checked.extra and counted:
            self.metrics.count("iapp_extra_columns_total", checked.extra)
        for (name, how), count in checked.odd.items() if counted else ():
            self.metrics.count("iapp_unusual_values_total", count, feature=name, how=how)
        if checked.problems:
            raise invalid_rows(checked.problems)
        scores = await self.scorer.submit(checked.rows, proba)
        if not counted:
            return scores.predictions, scores.probabilities
        self.metrics.count("iapp_rows_total", len(checked.rows))
        self._distribution.count_rows(checked.rows)
        self._distribution.count_answers(scores.predictions, scores.probabilities)
        return scores.predictions, scores.probabilities

    async def _feedback(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        if content_type(scope) != "application/json":
            raise ServiceError(415, "media_type", "send application/json")
        document = decode_json(await self._body(scope, receive))
        told = document.get("id") if type(document) is dict else None
        if type(told) is not str or ID.match(told) is None or "truth" not in document:
            raise malformed('the body needs "id", as an answer had it, and "truth"')
        kept = self._truths.keep(told, document["truth"])
        self.metrics.count("iapp_feedback_total", outcome="kept" if kept else "counted")
        return Answer(202, orjson.dumps({"id": told}))

    async def _live(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        return Answer(200, orjson.dumps({"live": True}))

    async def _ready(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        if self.readiness.problem is None:
            return Answer(200, orjson.dumps({"ready": True, "version": self.version}))
        return Answer(503, orjson.dumps({"ready": False, "reason": self.readiness.problem}))

    async def _metrics(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        self.metrics.set("iapp_executions_total", self.scorer.executions)
        return Answer(200, self.metrics.render().encode(), "text/plain; version=0.0.4; charset=utf-8")

    async def _openapi_json(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        return Answer(200, self._openapi)

    async def _profile(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        document = {
            "contract": self.bundle.contract.document,
            "training": self.bundle.profile,
            "live": self._distribution.live(),
            "since": self.metrics.started,
        }
        return Answer(200, orjson.dumps(document))

    async def _model(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        return Answer(200, orjson.dumps(inference.metadata(self.bundle.contract, self.name, self.version)))

    async def _server(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        return Answer(200, orjson.dumps({"name": "iapp", "version": self.version, "extensions": []}))

    async def _page(self, scope: Scope, receive: Receive, request_id: str) -> Answer:
        rows = self.bundle.examples.get("rows") or [{}]
        text = page(self.bundle.contract, self.name, self.version, rows[0], self.bundle.has_proba)
        return Answer(200, text.encode(), "text/html; charset=utf-8", PAGE_HEADERS)

    # -- parts

    def _wants_proba(self, scope: Scope) -> bool:
        wanted = parse_qs(scope["query_string"].decode("latin-1")).get("explain", [])
        if not wanted:
            return False
        if wanted != ["proba"] or not self.bundle.has_proba:
            offered = "explain=proba" if self.bundle.has_proba else "nothing: this model has no probabilities"
            raise malformed(f"the query asks to explain what cannot be explained; offered is {offered}")
        return True

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        limit = self.bundle.contract.limits.body_bytes
        parts: list[bytes] = []
        size = 0
        deadline = time.monotonic() + BODY_SECONDS
        while True:
            try:
                message = await asyncio.wait_for(receive(), max(0.01, deadline - time.monotonic()))
            except asyncio.TimeoutError:
                raise ServiceError(408, "slow", "the body did not arrive in time", headers=CLOSE) from None
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise too_large(limit)
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    def _stage(self, stage: str, seconds: float) -> None:
        self.metrics.observe("iapp_stage_duration_seconds", seconds, stage=stage)

    async def _send(self, send: Send, answer: Answer, request_id: str, head: bool) -> None:
        headers = [
            (b"content-type", answer.kind.encode()),
            (b"content-length", str(len(answer.body)).encode()),
            (b"x-request-id", request_id.encode()),
            (b"x-iapp-version", self.version.encode()),
            *((name.encode(), value.encode()) for name, value in answer.headers.items()),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head else answer.body})


class Answer:
    __slots__ = ("body", "headers", "kind", "status")

    def __init__(
        self, status: int, body: bytes, kind: str = "application/json", headers: Optional[dict[str, str]] = None
    ) -> None:
        self.status, self.body, self.kind, self.headers = status, body, kind, headers or {}


CLOSE = {"connection": "close"}
PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}
