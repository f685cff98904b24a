"""Adam as the inner optimiser: every case and member has its own state and keeps its own best iterate."""

__all__ = ["minimise"]

from collections.abc import Callable

import torch
from torch import Tensor


def minimise(
    cost: Callable[[Tensor], Tensor], start: Tensor, rate: float, steps: int, patience: int = 20
) -> tuple[Tensor, Tensor]:
    """Minimises independent cost functions by Adam (Kingma & Ba, 2015), halving a row's rate on a plateau.

    Adam works element by element, so rows do not know of each other; the rate is a row's own.

    Arguments:
        cost: v -> J(v), shape (case, member, n) to (case, member).
        start: Where to begin, shape (case, member, n).
        rate: Learning rate.
        steps: Number of steps.
        patience: Steps without a better value after which a row's rate is halved.

    Returns:
        Best iterates (case, member, n), and whether the gradient there is below 1e-2 of that at the start,
        (case, member). NaN where J never was finite.
    """
    v, first, second = start.clone(), torch.zeros_like(start), torch.zeros_like(start)
    best_v = start.clone()
    best = start.new_full(start.shape[:2], torch.inf)
    rates = torch.full_like(best, rate)
    stale = torch.zeros_like(best)
    first_slope = slope = best
    for step in range(steps + 1):
        with torch.enable_grad():
            v = v.detach().requires_grad_()
            values = cost(v)
            (gradient,) = torch.autograd.grad(values.sum(), v)
        v, values = v.detach(), values.detach()
        size = gradient.norm(dim=-1)
        if step == 0:
            first_slope = size
        better = values < best
        slope = torch.where(better, size, slope)
        best_v = torch.where(better[..., None], v, best_v)
        best = torch.where(better, values, best)
        stale = torch.where(better, torch.zeros_like(stale), stale + 1)
        halve = stale >= patience
        rates, stale = torch.where(halve, rates / 2, rates), torch.where(halve, torch.zeros_like(stale), stale)
        if step == steps:
            break
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient.square()
        corrected = (first / (1 - 0.9 ** (step + 1))) / ((second / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8)
        v = v - rates[..., None] * corrected
    best_v = torch.where(torch.isfinite(best)[..., None], best_v, torch.nan)
    return best_v, slope <= 1e-2 * first_slope
