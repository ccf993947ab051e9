"""Counters of the service in the Prometheus text format (exposition format 0.0.4), for one process."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from typing import Any

#: Seconds, about three a decade.
BUCKETS = (
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0,
)  # fmt: skip

Labels = tuple[tuple[str, str], ...]


class Histogram:
    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(BUCKETS, value)] += 1
        self.sum += value


class Metrics:
    """`counters` by (name, labels); gauges are asked for when they are shown."""

    def __init__(self, service: str, version: str) -> None:
        self._common: Labels = (("service", service), ("model_version", version))
        self.counters: Counter[tuple[str, Labels]] = Counter()
        self.histograms: dict[tuple[str, Labels], Histogram] = {}
        self.gauges: dict[tuple[str, Labels], float] = {}
        self.in_progress = 0
        self.started = time.time()

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        self.counters[name, tuple(labels.items())] += amount  # type: ignore[assignment]

    def observe(self, name: str, value: float, **labels: str) -> None:
        key = (name, tuple(labels.items()))
        histogram = self.histograms.get(key)
        if histogram is None:
            histogram = self.histograms[key] = Histogram()
        histogram.observe(value)

    def set(self, name: str, value: float, **labels: str) -> None:
        self.gauges[name, tuple(labels.items())] = value

    def render(self) -> str:
        lines: list[str] = []
        gauges = {**self.gauges, ("iapp_requests_in_progress", ()): float(self.in_progress)}
        self._family(lines, "counter", dict(self.counters))
        self._family(lines, "gauge", gauges)
        for name in sorted({name for name, _ in self.histograms}):
            lines.append(f"# HELP {name} {HELP.get(name, name)}")
            lines.append(f"# TYPE {name} histogram")
            for (one, labels), histogram in sorted(self.histograms.items()):
                if one == name:
                    self._histogram(lines, name, labels, histogram)
        return "\n".join(lines) + "\n"

    def _family(self, lines: list[str], kind: str, samples: dict[tuple[str, Labels], Any]) -> None:
        for name in sorted({name for name, _ in samples}):
            lines.append(f"# HELP {name} {HELP.get(name, name)}")
            lines.append(f"# TYPE {name} {kind}")
            lines.extend(
                f"{name}{self._text(labels)} {_number(value)}"
                for (one, labels), value in sorted(samples.items())
                if one == name
            )

    def _histogram(self, lines: list[str], name: str, labels: Labels, histogram: Histogram) -> None:
        total = 0
        for bound, count in zip([*BUCKETS, "+Inf"], histogram.counts):
            total += count
            lines.append(f"{name}_bucket{self._text((*labels, ('le', str(bound))))} {total}")
        lines.append(f"{name}_sum{self._text(labels)} {_number(histogram.sum)}")
        lines.append(f"{name}_count{self._text(labels)} {total}")

    def _text(self, labels: Labels) -> str:
        return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in (*self._common, *labels)) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


HELP = {
    "iapp_model_info": "What runs",
    "iapp_requests_total": "HTTP answers by route and status code",
    "iapp_mirrored_requests_total": "Copies of requests that another version has answered; counted nowhere else",
    "iapp_request_duration_seconds": "From the whole request to the whole answer",
    "iapp_requests_in_progress": "Requests being answered",
    "iapp_stage_duration_seconds": "Where the time of a request goes",
    "iapp_rows_total": "Rows scored",
    "iapp_executions_total": "Calls of the scoring module",
    "iapp_requests_shed_total": "Requests turned away because too many were waiting",
    "iapp_rejected_rows_total": "Rows that were not scored, by column and reason",
    "iapp_unusual_values_total": "Values outside what training saw, which were scored all the same",
    "iapp_extra_columns_total": "Fields that the contract does not have",
    "iapp_feature_bin_total": "Scored rows by bin of a column",
    "iapp_feature_value_sum": "Sum of a column's values",
    "iapp_feature_value_count": "Number of a column's values in the sum",
    "iapp_feature_reference_ratio": "Share of training rows in a bin",
    "iapp_feature_reference_rows": "Training rows behind the shares",
    "iapp_feature_drift_design_effect": "Variance of training blocks over that of independent rows",
    "iapp_feature_importance_ratio": "Share of a column in the model's decisions",
    "iapp_prediction_bin_total": "Predictions by class or bin",
    "iapp_feedback_total": "Ground truths received",
}
