"""Checkpoints of a training run: tensors only, whole or absent, never unpickled."""

__all__ = ["load_checkpoint", "save_checkpoint"]

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from benchmark.files import write_whole
from benchmark.problem import BenchError


def save_checkpoint(
    path: Path, identity: str, progress: dict[str, Any], modules: dict[str, nn.Module], optimiser: torch.optim.Optimizer
) -> None:
    """Writes the modules, the optimiser's state and a JSON-able progress record.

    Arguments:
        path: File; its old content stays until the new one is whole.
        identity: What the run is; a run that differs starts anew.
        progress: Epoch and history.
        modules: By name.
        optimiser: Whose per-parameter tensors are kept.
    """
    tensors = {f"{name}/{key}": value for name, module in modules.items() for key, value in module.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{number}/{key}": torch.as_tensor(value) for key, value in state.items()}
    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
    metadata = {"identity": identity, "progress": json.dumps(progress)}
    content = save(tensors, metadata)
    write_whole(path, lambda temporary: temporary.write_bytes(content))


def load_checkpoint(
    path: Path, identity: str, modules: dict[str, nn.Module], optimiser: torch.optim.Optimizer
) -> dict[str, Any] | None:
    """Restores what `save_checkpoint` wrote and returns the progress record.

    Returns None if there is no checkpoint, or one of another run.

    Raises:
        BenchError: If the file is damaged.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("identity") != identity:
                return None
            tensors: dict[str, Tensor] = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        progress = json.loads(metadata["progress"])
        for name, module in modules.items():
            prefix = f"{name}/"
            module.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimiser/"):
                _, number, name = key.split("/")
                state.setdefault(int(number), {})[name] = value
        whole = optimiser.state_dict()
        optimiser.load_state_dict({**whole, "state": state})
    except (SafetensorError, KeyError, RuntimeError, ValueError) as error:
        raise BenchError(f"The checkpoint {path} is damaged ({error}); delete it and train anew.") from error
    return progress
