"""How well a prior denoises, level by level, beside what a Gaussian one would do."""

__all__ = ["denoising_errors", "importance_of_errors"]

from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.problem import seed_from

from .context import Context

LEVELS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
AT_ONCE = 64

Denoise = Callable[[Tensor, Tensor, slice], Tensor]
"""(noisy increments, noise levels (batch,), which cases they are) -> E[delta | delta_t]."""


def denoising_errors(
    network: Denoise,
    gaussian: Denoise,
    increments: Tensor,
    measure: Callable[[Tensor], Tensor],
    between: tuple[float, float],
) -> dict[str, dict[str, float]]:
    """Mean of `measure` of both denoisers' errors, with the same noise, by noise level.

    Arguments:
        network, gaussian: The denoisers.
        increments: Scaled increments, shape (case, ...).
        measure: Errors (batch, ...) to one number each, shape (batch,).
        between: Least and largest noise level that the network was trained for.
    """
    generator = torch.Generator().manual_seed(seed_from("denoising"))
    noise = torch.randn(increments.shape, generator=generator)
    found = {}
    for level in (level for level in LEVELS if between[0] <= level <= between[1]):
        sums = torch.zeros(2, dtype=torch.float64)
        for begin in range(0, len(increments), AT_ONCE):
            part = slice(begin, begin + AT_ONCE)
            clean = increments[part]
            noisy = clean + level * noise[part].to(clean)
            sigma = torch.full((len(noisy),), level, device=noisy.device)
            for which, denoise in enumerate((network, gaussian)):
                sums[which] += measure(denoise(noisy, sigma, part) - clean).double().sum().cpu()
        means = (sums / len(increments)).tolist()
        found[str(level)] = dict(zip(("network", "gaussian"), means, strict=True))
    return found


def importance_of_errors(context: Context) -> Tensor:
    """Weights of square errors that make their mean the relative error's square, shape (channel, latitude, 1)."""
    area = torch.as_tensor(context.world.grid.row_area, dtype=torch.float32)
    return (area / context.archive.error_std().float()[:, None].square())[..., None]
