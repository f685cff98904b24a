"""A denoiser that starts as the Gaussian optimum, and its expected square error."""

__all__ = ["WienerDenoiser", "posterior_variance", "wiener_filter"]

from typing import Any

import torch
from azula.denoise import Denoiser, DiracPosterior
from azula.noise import Schedule
from torch import Tensor, nn

from .background_error import Covariance


class WienerDenoiser(Denoiser):
    """A denoiser that starts as the Gaussian optimum: B (B + sigma^2)^-1 x_t + c_out(sigma) network.

    Training can only add what is not Gaussian or depends on the flow. `c_out` is the Gaussian posterior's
    mean std, so the network's target has unit variance at every level.

    Arguments:
        backbone: A network of two inputs, the scaled noisy increment and its Wiener estimate, and the conditions.
        covariance: B of the clean increments, over the flattened increment.
        schedule: A variance-exploding schedule.
    """

    def __init__(self, backbone: nn.Module, covariance: Covariance, schedule: Schedule) -> None:
        super().__init__()
        self.backbone, self.covariance, self.schedule = backbone, covariance, schedule

    def forward(self, x_t: Tensor, t: Tensor, **kwargs: Any) -> DiracPosterior:
        sigma = self.schedule(t)[1].expand(len(x_t)).reshape(-1, 1)
        wiener = wiener_filter(self.covariance, x_t, sigma)
        c_out = posterior_variance(self.covariance, sigma).sqrt()
        inputs = torch.cat((x_t / (1 + sigma[:, :, None, None] ** 2).sqrt(), wiener), dim=1)
        output = self.backbone(inputs, sigma[:, 0].log(), **kwargs)
        return DiracPosterior(mean=wiener + c_out[:, None, None, None] * output)


def wiener_filter(covariance: Covariance, x_t: Tensor, sigma: Tensor) -> Tensor:
    """B (B + sigma^2)^-1 x_t: the denoiser of Gaussian increments.

    Arguments:
        covariance: B of scaled increments.
        x_t: Shape (batch, ...).
        sigma: Noise levels, shape (batch, 1), (batch,) or ().
    """
    level = sigma.reshape(-1, 1)
    # under mixed precision too, what is known has all its digits
    with torch.autocast(x_t.device.type, enabled=False):
        return covariance.map_modes(lambda b: b / (b + level**2), x_t.flatten(1)).view_as(x_t)


def posterior_variance(covariance: Covariance, sigma: Tensor) -> Tensor:
    """Mean of the diagonal of (B^-1 + sigma^-2)^-1 for sigma (batch, 1), shape (batch,): the Gaussian denoiser's
    expected square error."""
    return covariance.mean_eigenvalue(lambda b: b * sigma**2 / (b + sigma**2))
