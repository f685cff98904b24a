"""What a method can reach from what it holds and is handed, and how much of the truth is in it."""

__all__ = ["reachable", "share_of_truth", "surroundings"]

import types
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Method

_LEAVES = (type, str, bytes, int, float, torch.dtype, torch.device, types.ModuleType)


def reachable(*roots: object) -> list[object]:
    """Every object that can be reached from some, through attributes, containers and closures."""
    seen: dict[int, object] = {}
    stack = list(roots)
    while stack:
        found = stack.pop()
        if id(found) in seen or isinstance(found, _LEAVES):
            continue
        seen[id(found)] = found
        if isinstance(found, dict):
            stack += [*found.keys(), *found.values()]
        elif isinstance(found, list | tuple | set | frozenset):
            stack += found
        elif not isinstance(found, torch.Tensor | np.ndarray):
            stack += vars(found).values() if hasattr(found, "__dict__") else ()
            cells = getattr(found, "__closure__", None) or ()
            stack += [cell.cell_contents for cell in cells]
    return list(seen.values())


def surroundings(method: Method) -> list[object]:
    """What a method has about it: itself, the attributes of its classes, the globals of what these define."""
    about: list[object] = [method]
    for kind in type(method).__mro__[: type(method).__mro__.index(Method)]:
        about += vars(kind).values()
        for member in vars(kind).values():
            if isinstance(member, types.FunctionType):
                about += member.__globals__.values()
    return about


def share_of_truth(objects: Iterable[object], truth: Tensor) -> float:
    """Largest share of the truth's values that one array holds, at their places in one of the cases.

    Arguments:
        objects: Arrays among anything else.
        truth: Shape (case, channel, latitude, longitude).
    """
    share = 0.0
    for found in objects:
        if not isinstance(found, torch.Tensor | np.ndarray) or found.ndim < 3:
            continue
        values = torch.as_tensor(found)
        if values.shape[-3:] != truth.shape[-3:] or not values.is_floating_point() or not values.numel():
            continue
        same = (values.reshape(-1, 1, *truth.shape[1:]) == truth).double().mean((2, 3, 4))
        share = max(share, same.max().item())
    return share
