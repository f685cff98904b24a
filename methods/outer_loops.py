"""Gauss-Newton outer loops: a quadratic problem around a point, solved, and a step where that lowers J.

Courtier, Thepaut & Hollingsworth (1994), A strategy for operational implementation of 4D-Var, using an incremental
approach, doi:10.1002/qj.49712051912; with step halving.
"""

__all__ = ["Solution", "descend"]

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Solution:
    """Where the outer loops of every case ended.

    Arguments:
        point: Shape (case, 1, n).
        converged: Whether the last step was taken and lowered J by less than the tolerance, shape (case,).
        iterations: Outer loops done.
    """

    point: Tensor
    converged: Tensor
    iterations: int


def descend(
    start: Tensor,
    inner: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    misfit: Callable[[Tensor], Tensor],
    loops: int,
    tolerance: float,
    rounding: float,
) -> Solution:
    """Minimises J(p) = 1/2 p^T C^-1 p + J_o(p) from p = 0, each case by itself.

        p <- p + a (p* - p)

    with the minimum p* of J with J_o linearised at p, and a = 1, halved for a case after every step that would raise
    J; such a step is not taken, so the best point is the last.

    Arguments:
        start: p = 0, shape (case, 1, n).
        inner: (p, which cases have moved since the last call (case,)) -> p* and C^-1 p*, known without C^-1 and so
            without its rounding, both (case, 1, n).
        misfit: J_o, (case, 1, n) -> (case, 1).
        loops: Most outer loops.
        tolerance: Relative fall of J below which a case has converged and stops.
        rounding: Relative error of J: a rise within it is none.
    """
    point, gradient = start, torch.zeros_like(start)
    best = misfit(point).squeeze(1)
    converged = torch.zeros(len(start), dtype=torch.bool, device=start.device)
    moved, length = ~converged, torch.ones_like(best)
    done = 0
    while done < loops and not bool(converged.all()):
        target, slope = inner(point, moved)
        a = length[:, None, None]
        candidate, dual = point + a * (target - point), gradient + a * (slope - gradient)
        value = ((candidate * dual).sum(-1) / 2 + misfit(candidate)).squeeze(1)
        # near the minimum a case alone and in a batch would part over a rise by rounding
        taken = (value <= best * (1 + rounding)) & ~converged
        converged = converged | (taken & (best - value <= tolerance * best))
        point, gradient = (
            torch.where(taken[:, None, None], new, old) for new, old in ((candidate, point), (dual, gradient))
        )
        best = torch.where(taken, value, best)
        length = torch.where(taken, 1.0, length / 2)
        moved = taken & ~converged
        done += 1
    return Solution(point, converged, done)
