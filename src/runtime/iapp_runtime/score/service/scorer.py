"""Scoring in one thread beside the event loop. What queued while the last batch ran is the next batch; nobody waits for a timer."""  # noqa: E501

from __future__ import annotations

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from iapp_runtime.score.replay.refused import Refused

from ..bundle import Bundle
from .answers import plain_predictions, plain_probabilities
from .errors import Problem, ServiceError, overloaded, refused_rows

#: Requests that may wait; more are told to come back.
MOST_WAITING = 256
#: Seconds a new request may have to wait, by the speed of late.
LONGEST_WAIT = 10.0
#: Rows of several requests scored together.
BATCH_ROWS = 2000


@dataclass
class Scores:
    predictions: list[Any]
    probabilities: Optional[list[dict[str, float]]]


@dataclass
class Job:
    rows: list[dict[str, Any]]
    proba: bool
    done: asyncio.Future[Scores]
    queued: float = field(default_factory=time.perf_counter)


class Scorer:
    """Every method is called on the event loop's thread; only `score` runs in the other one."""

    def __init__(self, bundle: Bundle, observe: Callable[[str, float], None]) -> None:
        self._bundle = bundle
        self._observe = observe
        self._thread = ThreadPoolExecutor(1, "iapp-score")
        self._waiting: deque[Job] = deque()
        self._busy = False
        self._seconds_per_row = 0.0
        self.executions = 0

    async def submit(self, rows: list[dict[str, Any]], proba: bool) -> Scores:
        """Raises ServiceError 503 when too many wait, 422 when the notebook's code refuses rows, or the model's error."""  # noqa: E501
        if not rows:
            return Scores([], [] if proba else None)
        ahead = sum(len(job.rows) for job in self._waiting)
        wait = ahead * self._seconds_per_row
        if len(self._waiting) >= MOST_WAITING or wait > LONGEST_WAIT:
            raise overloaded(max(1, round(wait)))
        job = Job(rows, proba, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if not self._busy:
            self._busy = True
            asyncio.get_running_loop().create_task(self._work())
        return await job.done

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                jobs = self._next_batch()
                began = time.perf_counter()
                for job in jobs:
                    self._observe("queue", began - job.queued)
                results = await loop.run_in_executor(self._thread, self._score_jobs, jobs)
                seconds = time.perf_counter() - began
                self._observe("predict", seconds)
                rows = sum(len(job.rows) for job in jobs)
                self._seconds_per_row = 0.8 * self._seconds_per_row + 0.2 * seconds / rows
                for job, result in zip(jobs, results):
                    if job.done.done():
                        continue
                    if isinstance(result, Scores):
                        job.done.set_result(result)
                    else:
                        job.done.set_exception(result)
        finally:
            self._busy = False

    def _next_batch(self) -> list[Job]:
        jobs = [self._waiting.popleft()]
        rows = len(jobs[0].rows)
        while self._waiting and self._waiting[0].proba == jobs[0].proba:
            rows += len(self._waiting[0].rows)
            if rows > BATCH_ROWS:
                break
            jobs.append(self._waiting.popleft())
        return jobs

    def _score_jobs(self, jobs: list[Job]) -> list[Scores | Exception]:
        if len(jobs) > 1:
            try:
                together = self.score([row for job in jobs for row in job.rows], jobs[0].proba)
                return _shared_out(together, jobs)
            except Exception:
                # One request's rows must not fail the others: each is scored for itself.
                pass
        results: list[Scores | Exception] = []
        for job in jobs:
            try:
                results.append(self.score(job.rows, job.proba))
            except Exception as error:
                results.append(error)
        return results

    def score(self, rows: list[dict[str, Any]], proba: bool) -> Scores:
        """Predictions as plain values, and per row `{class: probability}` when asked for."""
        module = self._bundle.module
        self.executions += 1
        try:
            predictions = plain_predictions(module.predict(rows), len(rows))
            if not proba:
                return Scores(predictions, None)
            return Scores(predictions, plain_probabilities(module.predict_proba(rows), self._bundle.classes))
        except Refused as refusal:
            raise self._refused(refusal, rows) from None

    def _refused(self, refusal: Refused, rows: list[dict[str, Any]]) -> ServiceError:
        numbers = list(refusal.rows)
        if not numbers and len(rows) > 1:
            numbers = [number for number, row in enumerate(rows) if self._alone_refused(row)]
        message = str(refusal.message)
        column = refusal.field if self._bundle.contract.column(refusal.field or "") is not None else None
        if not numbers:
            numbers = [0] if len(rows) == 1 else []
        problems = [Problem(number, column, "refused", message) for number in numbers]
        return refused_rows(problems or [Problem(None, column, "refused", message)])

    def _alone_refused(self, row: dict[str, Any]) -> bool:
        try:
            self._bundle.module.predict([row])
        except Refused:
            return True
        except Exception:
            return False
        return False

    def close(self) -> None:
        self._thread.shutdown(wait=False)


def _shared_out(together: Scores, jobs: list[Job]) -> list[Scores | Exception]:
    results: list[Scores | Exception] = []
    start = 0
    for job in jobs:
        end = start + len(job.rows)
        probabilities = None if together.probabilities is None else together.probabilities[start:end]
        results.append(Scores(together.predictions[start:end], probabilities))
        start = end
    return results
