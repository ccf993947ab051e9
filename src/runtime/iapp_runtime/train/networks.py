"""PyTorch's tensors and modules, and Keras' models, seen without importing either: only what is loaded counts.

Both learn in place, so that neither the identity of what they hold nor a shallow copy says what they were at a moment.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import numpy as np

from iapp_runtime.score.replay.networks import StoredKeras

# Layers that give other answers while a network is being trained: at random, or by the rows that come together.
_TRAINING_ONLY = ("Dropout", "BatchNorm", "InstanceNorm", "RReLU", "FeatureAlphaDropout", "SyncBatchNorm")


def is_tensor(value: Any) -> bool:
    """True for PyTorch tensors with rows; one number alone has none."""
    return is_any_tensor(value) and bool(value.ndim)


def is_any_tensor(value: Any) -> bool:
    """True for every PyTorch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch, "Tensor", ()))


def is_module(value: Any) -> bool:
    """True for PyTorch modules: networks, layers, losses. A model of Keras may be one inside; it counts as Keras'."""
    nn = sys.modules.get("torch.nn")
    return nn is not None and isinstance(value, getattr(nn, "Module", ())) and not is_keras(value)


def is_keras(value: Any) -> bool:
    """True for models of Keras, on its own or as a part of TensorFlow."""
    if "keras" not in sys.modules and "tensorflow" not in sys.modules and "tf_keras" not in sys.modules:
        return False
    return any(
        kind.__name__ == "Model" and kind.__module__.startswith(("keras.", "tensorflow.", "tf_keras."))
        for kind in type(value).__mro__
    )


def is_network(value: Any) -> bool:
    """True for what learns in place and must be copied whole."""
    return is_module(value) or is_keras(value)


def is_learning(module: Any) -> bool:
    """Is a call of this module now a step of its training?"""
    torch = sys.modules["torch"]
    return bool(module.training and torch.is_grad_enabled())


def left_in_training(module: Any) -> list[str]:
    """Classes of the layers that still behave as in training."""
    found = {type(part).__name__ for part in module.modules() if part.training}
    return sorted(name for name in found if any(word in name for word in _TRAINING_ONLY))


def plain(tensor: Any) -> np.ndarray:
    """A tensor as numpy has it."""
    found: np.ndarray = tensor.detach().cpu().numpy()
    return found


def joined(tensors: list[Any]) -> Any:
    """Tensors one below the other."""
    return sys.modules["torch"].cat(tensors)


def tensor_print(tensor: Any) -> str:
    """Fingerprint of a tensor's values."""
    data = tensor.detach().cpu().contiguous()
    torch = sys.modules["torch"]
    try:
        held = data.reshape(-1).view(torch.uint8).numpy().tobytes()
    except (RuntimeError, TypeError):
        held = repr(data).encode()
    return hashlib.blake2b(held, digest_size=16).hexdigest()


def weights_key(network: Any) -> tuple[Any, ...]:
    """What a network has learned and how it behaves now, as something to compare."""
    if is_keras(network):
        if not network.built:
            return (id(network),)
        held = hashlib.blake2b(digest_size=16)
        for weights in network.get_weights():
            held.update(np.ascontiguousarray(weights).tobytes())
        return (id(network), held.hexdigest())
    modes = tuple(part.training for part in network.modules())
    held_by = tuple((name, tensor_print(value)) for name, value in _named(network))
    return (id(network), modes, held_by)


def _named(module: Any) -> list[tuple[str, Any]]:
    return [*module.named_parameters(), *module.named_buffers()]


def storable(value: Any) -> Any:
    """What is stored for a model, or for a list of them: the thing itself, but for models of Keras."""
    if isinstance(value, list):
        return [storable(item) for item in value]
    if not is_keras(value):
        return value
    keras = sys.modules.get("keras")
    ask = getattr(getattr(keras, "config", None), "backend", None)
    return StoredKeras(value, ask() if ask is not None else "")


def is_state_of(value: Any, network: Any) -> bool:
    """Is this the `state_dict()` of the network?"""
    if not is_module(network) or not isinstance(value, dict) or not value:
        return False
    own = {tensor.data_ptr() for _, tensor in _named(network)}
    held = [item for item in value.values() if is_any_tensor(item)]
    return bool(held) and all(item.data_ptr() in own for item in held)
