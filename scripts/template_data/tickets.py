"""Messages to the support of an online shop with an app, and the queue that answered them."""

from __future__ import annotations

import numpy as np

from .ticket_phrases import GREETINGS, NOISE, PRODUCTS, QUEUES, SHARED, SIGN_OFFS

SEED = 20240702
N = 3200
HEAD = ["ticket_id", "created_at", "channel", "subject", "message", "queue"]


def rows() -> tuple[list[str], list[list[object]]]:
    """Header and rows. About one message in twenty went to a queue that its text does not suggest; subjects and some
    messages are missing (chat has no subject)."""
    rng = np.random.default_rng(SEED)
    names = list(QUEUES)
    weights = np.array([QUEUES[name]["share"] for name in names])
    out: list[list[object]] = []
    for i in range(N):
        topic = names[int(rng.choice(len(names), p=weights / weights.sum()))]
        channel = _one(rng, ["email", "email", "email", "web form", "web form", "chat"])
        subject = None if channel == "chat" or rng.random() < 0.05 else _fill(rng, _one(rng, QUEUES[topic]["subjects"]))
        message = _message(rng, topic, channel)
        # Agents move tickets: what is left in the data is not always where the text points.
        queue = topic if rng.random() > 0.05 else _one(rng, names)
        hours = int(rng.integers(0, 24 * 180))
        stamp = np.datetime64("2024-01-01T00:00") + np.timedelta64(hours * 60 + int(rng.integers(0, 60)), "m")
        out.append(
            [
                20000 + 3 * i,
                str(stamp).replace("T", " "),
                channel,
                subject,
                message if rng.random() > 0.008 else None,
                queue,
            ]
        )
    return HEAD, out


def _message(rng: np.random.Generator, topic: str, channel: str) -> str:
    sentences = QUEUES[topic]["sentences"]
    count = min(len(sentences), 1 + int(rng.binomial(2, 0.4)))
    parts = [sentences[int(k)] for k in rng.choice(len(sentences), size=count, replace=False)]
    if rng.random() < 0.45:
        parts.insert(int(rng.integers(0, len(parts) + 1)), _one(rng, SHARED))
    if rng.random() < 0.12:
        # A second concern, as people have.
        parts.append(_one(rng, QUEUES[_one(rng, list(QUEUES))]["sentences"]))
    text = _fill(rng, " ".join(parts))
    if channel == "email":
        text = f"{_one(rng, GREETINGS)} {text} {_one(rng, SIGN_OFFS)}"
    if rng.random() < 0.18:
        text += " " + _fill(rng, _one(rng, NOISE))
    if channel == "chat":
        text = text.lower().rstrip(".")
    elif rng.random() < 0.03:
        text = text.upper()
    if channel == "web form" and rng.random() < 0.25:
        text = f"<p>{text}</p>"
    return _typo(rng, text) if rng.random() < 0.3 else text


def _fill(rng: np.random.Generator, text: str) -> str:
    return (
        text.replace("{order}", f"#{int(rng.integers(100000, 999999))}")
        .replace("{amount}", f"{rng.lognormal(3.6, 0.7):.2f}")
        .replace("{days}", str(int(rng.integers(2, 21))))
        .replace("{product}", _one(rng, PRODUCTS))
        .replace("{version}", f"{int(rng.integers(3, 6))}.{int(rng.integers(0, 12))}")
        .replace("{number}", str(int(rng.integers(1, 900))))
    )


def _typo(rng: np.random.Generator, text: str) -> str:
    """Two letters swapped somewhere, as in haste."""
    at = int(rng.integers(1, max(2, len(text) - 2)))
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def _one(rng: np.random.Generator, values: list) -> str:
    return str(values[int(rng.integers(0, len(values)))])
