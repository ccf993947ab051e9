"""Counts what is scored into the bins that training fixed (profile.json), so that live and training distributions compare."""  # noqa: E501

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from .metrics import Metrics

SPECIAL = ("missing", "below", "above", "invalid", "other", "unseen")


class Binned:
    """One feature's (or output's) bins. A bin's name is its number, a category's is its value."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.name = str(document["name"])
        self.edges: list[float] = document.get("edges") or []
        self.categories = [_text(value) for value in document.get("categories") or []]
        self._known = {_text(value) for value in document.get("known") or []}
        self._is_number = document.get("kind") == "number"
        self.document = document

    def bin_of(self, value: Any) -> str:
        if value is None:
            return "missing"
        if not self._is_number:
            text = _text(value)
            if text in self.categories:
                return text
            return "other" if text in self._known else "unseen"
        if type(value) is bool or not isinstance(value, (int, float)) or value != value:
            return "invalid"
        if not self.edges or value < self.edges[0]:
            return "below"
        if value > self.edges[-1]:
            return "above"
        # The last bin holds its upper edge too.
        return str(min(bisect_right(self.edges, value), max(1, len(self.edges) - 1)) - 1)

    def bins(self) -> list[str]:
        if self._is_number:
            return [str(number) for number in range(max(1, len(self.edges) - 1))]
        return self.categories


class Distribution:
    """All features of a profile, its prediction and its score."""

    def __init__(self, profile: dict[str, Any], metrics: Metrics) -> None:
        self._metrics = metrics
        self._features = [Binned(feature) for feature in profile.get("features") or []]
        self._prediction = Binned(profile["prediction"]) if profile.get("prediction") else None
        self._score = Binned(profile["score"]) if profile.get("score") else None
        for feature in self._features:
            self._reference(feature)

    def _reference(self, feature: Binned) -> None:
        document, metrics = feature.document, self._metrics
        counts = dict(zip(feature.bins(), document.get("counts") or []))
        counts.update({name: document.get("special", {}).get(name, 0) for name in SPECIAL})
        rows = sum(counts.values())
        for name, count in counts.items():
            if rows and (count or name not in SPECIAL):
                metrics.set("iapp_feature_reference_ratio", count / rows, feature=feature.name, bin=name)
        metrics.set("iapp_feature_reference_rows", rows, feature=feature.name)
        metrics.set("iapp_feature_drift_design_effect", document.get("design_effect") or 2.0, feature=feature.name)
        if document.get("importance") is not None:
            metrics.set("iapp_feature_importance_ratio", document["importance"], feature=feature.name)

    def count_rows(self, rows: list[dict[str, Any]]) -> None:
        for feature in self._features:
            name = feature.name
            for row in rows:
                value = row.get(name)
                self._metrics.count("iapp_feature_bin_total", feature=name, bin=feature.bin_of(value))
                if type(value) in (int, float) and value == value and feature.edges:
                    self._metrics.count("iapp_feature_value_sum", float(value), feature=name)  # type: ignore[arg-type]
                    self._metrics.count("iapp_feature_value_count", feature=name)

    def count_answers(self, predictions: list[Any], probabilities: list[dict[str, float]] | None) -> None:
        if self._prediction is not None:
            for value in predictions:
                if not isinstance(value, list):
                    bin_ = self._prediction.bin_of(value)
                    self._metrics.count("iapp_prediction_bin_total", output="prediction", bin=bin_)
        if self._score is not None:
            for row in probabilities or []:
                top = self._score.bin_of(max(row.values(), default=None))
                self._metrics.count("iapp_prediction_bin_total", output="score", bin=top)

    def live(self) -> dict[str, dict[str, float]]:
        """`{feature: {bin: count}}` as counted since the start."""
        found: dict[str, dict[str, float]] = {}
        for (name, labels), count in self._metrics.counters.items():
            if name in ("iapp_feature_bin_total", "iapp_prediction_bin_total"):
                of = dict(labels)
                found.setdefault(of.get("feature") or of["output"], {})[of["bin"]] = count
        return found


def _text(value: Any) -> str:
    if type(value) is bool:
        return str(value).lower()
    if type(value) is float and value.is_integer():
        return str(int(value))
    return str(value)
