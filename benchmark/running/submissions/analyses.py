"""Analyses in an archive: float32 in safetensors, normalised, members included."""

__all__ = ["pack_analyses", "read_analyses"]

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from torch import Tensor

from .checks import RefusedError

MEMBERS = "members"


def pack_analyses(members: Tensor) -> bytes:
    """
    Arguments:
        members: Shape (case, member, channel, latitude, longitude) [normalised].
    """
    return save({MEMBERS: np.ascontiguousarray(members.float().cpu().numpy())})


def read_analyses(path: Path, shape: tuple[int, ...], lost: np.ndarray, name: str) -> Tensor:
    """
    Arguments:
        path: The file.
        shape: What it is to have.
        lost: Which cases diverged, shape (case,); only those may hold what is not finite.
        name: What it is called in messages.

    Returns:
        Of that shape, float32 [normalised].

    Raises:
        RefusedError: If it holds anything else.
    """
    try:
        with safe_open(path, framework="np") as file:
            if list(file.keys()) != [MEMBERS] or file.metadata():
                raise RefusedError(f"{name} holds something else than '{MEMBERS}'")
            part = file.get_slice(MEMBERS)
            if part.get_dtype() != "F32" or tuple(part.get_shape()) != shape:
                raise RefusedError(
                    f"{name} has {part.get_dtype()} of shape {tuple(part.get_shape())}, not F32 of {shape}"
                )
            members = torch.from_numpy(np.array(file.get_tensor(MEMBERS)))
    except (SafetensorError, OSError, ValueError) as error:
        raise RefusedError(f"{name} is no safetensors file ({error})") from None
    if not torch.isfinite(members[torch.from_numpy(~lost)]).all():
        raise RefusedError(f"{name} is not finite in a case that is not said to have diverged")
    return members
