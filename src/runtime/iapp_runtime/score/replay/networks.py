"""Networks at work: no gradients are kept, nothing is shown."""

from __future__ import annotations

import os
import pickle
import sys
from typing import Any


def forward_pass(network: Any, rows: Any) -> Any:
    """What a PyTorch module gives for these rows, in the mode (`eval()`) that the notebook left it in."""
    import torch

    with torch.no_grad():
        return network(rows)


class StoredKeras:
    """A Keras model on its way into a file: in Keras' own form, with the name of the backend it was trained with."""

    def __init__(self, model: Any, backend: str) -> None:
        self.model = model
        self.backend = backend

    def __reduce__(self) -> Any:
        return restored_keras, (self.backend, pickle.dumps(self.model, protocol=5))


def restored_keras(backend: str, data: bytes) -> Any:
    """The model. Keras chooses its backend when it is first loaded, by a variable that the notebook may have set."""
    if backend and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    return pickle.loads(data)
