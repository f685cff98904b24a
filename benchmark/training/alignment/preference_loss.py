"""The loss of Diffusion-DPO: a denoiser should fit winners better than its reference does, and losers worse.

Wallace, Dang, Rafailov et al. (2024), Diffusion model alignment using direct preference optimization,
https://arxiv.org/abs/2311.12908. With weighted denoising errors w |delta_hat - delta|^2, which are those of the noise
but for a factor of the noise level, and the same noise for both of a pair,

    L = -E log sigmoid(-beta [ (error_theta - error_ref)_winner - (error_theta - error_ref)_loser ]).
"""

__all__ = ["excess_error", "preference_loss"]

from typing import Protocol

import torch
from torch import Tensor


class Errors(Protocol):
    """A prior that says how well it denoises; see `LatentPrior.weighted_errors`."""

    def weighted_errors(
        self, delta: Tensor, zb: Tensor, season: Tensor, sigma: Tensor, noise: Tensor, importance: Tensor | None = None
    ) -> Tensor: ...


def excess_error(
    policy: Errors,
    reference: Errors,
    winner: Tensor,
    loser: Tensor,
    zb: Tensor,
    season: Tensor,
    sigma: Tensor,
    noise: Tensor,
    importance: Tensor | None = None,
) -> Tensor:
    """By how much more the policy raises the winner's error over the reference's than the loser's, shape (batch,).

    It is negative where the policy ranks a pair right. No gradient goes to the reference.

    Arguments:
        winner, loser: Scaled increments of a case's candidates, shape (batch, *latent_shape).
        zb, season, sigma, noise, importance: As `LatentPrior.weighted_errors` takes them; both of a pair have the same.
    """

    def change(delta: Tensor) -> Tensor:
        with torch.no_grad():
            before = reference.weighted_errors(delta, zb, season, sigma, noise, importance)
        return policy.weighted_errors(delta, zb, season, sigma, noise, importance) - before

    return change(winner) - change(loser)


def preference_loss(excess: Tensor, beta: float) -> Tensor:
    """-log sigmoid(-beta excess), the mean over the batch."""
    return -torch.nn.functional.logsigmoid(-beta * excess).mean()
