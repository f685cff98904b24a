"""The latent prior after fine-tuning: a small difference from it, of low rank in every weight.

Hu, Shen, Wallis et al. (2021), LoRA: low-rank adaptation of large language models, https://arxiv.org/abs/2106.09685.
Every linear map or convolution W of the denoiser's network, as a matrix of outputs and inputs, becomes

    W + U V,   U of shape (outputs, rank), V of shape (rank, inputs)

with U zero at the start, so that an untrained one is the latent prior itself. Only U and V are stored.
"""

__all__ = ["AlignedPrior"]

import copy
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from benchmark.problem import Component

from .covariance import SpectralCovariance
from .latent_prior import LatentPrior


class LowRank(nn.Module):
    """W + U V, for a weight of any shape whose first axis is the outputs'.

    Arguments:
        shape: (outputs, inputs) of the weight as a matrix.
        rank: Of the difference, at most the smaller of the two.
    """

    def __init__(self, shape: tuple[int, int], rank: int) -> None:
        super().__init__()
        outputs, inputs = shape
        rank = min(rank, outputs, inputs)
        self.U = nn.Parameter(torch.zeros(outputs, rank))
        self.V = nn.Parameter(torch.randn(rank, inputs) / math.sqrt(inputs))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + (self.U @ self.V).view_as(weight)


class AlignedPrior(nn.Module, Component):
    """What methods use of a `LatentPrior`, with another network; everything else is that of the prior it builds on.

    Its parameters are the adapters' alone. While they are trained the network follows them; frozen ones are merged
    into a copy of the latent prior's network. There is no dropout either way.

    Arguments:
        shapes: (outputs, inputs) of every adapted weight, by the name of its module in the denoiser.
        rank: Of the differences.
    """

    name: ClassVar[str] = "aligned-prior"
    builds_on = (LatentPrior,)
    neural = True

    def __init__(self, shapes: Mapping[str, tuple[int, int]], rank: int) -> None:
        super().__init__()
        self.settings: dict[str, Any] = {"shapes": {name: list(shape) for name, shape in shapes.items()}, "rank": rank}
        self._places = {_key(name): name for name in shapes}
        self.adapters = nn.ModuleDict({_key(name): LowRank(shape, rank) for name, shape in shapes.items()})
        # in a list, so that the latent prior's parameters are not taken for its own
        self._attached: list[LatentPrior] = []

    @classmethod
    def of(cls, prior: LatentPrior, rank: int) -> Self:
        """An untrained one, attached to the prior that it starts as.

        Arguments:
            prior: The latent prior, which stays as it is.
            rank: Of the differences.
        """
        found = {name: m.weight for name, m in prior.denoiser.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)}
        aligned = cls({name: (len(weight), weight[0].numel()) for name, weight in found.items()}, rank)
        aligned.attach({LatentPrior.name: prior})
        return aligned

    def attach(self, parts: Mapping[str, Component]) -> None:
        prior = copy.deepcopy(parts[LatentPrior.name])
        assert isinstance(prior, LatentPrior)
        prior.eval().requires_grad_(False)
        for key, place in self._places.items():
            module = prior.denoiser.get_submodule(place)
            adapter = self.adapters[key]
            parametrize.register_parametrization(module, "weight", adapter)
            if not any(parameter.requires_grad for parameter in adapter.parameters()):
                parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
                module.requires_grad_(False)
        self._attached = [prior]

    @property
    def _prior(self) -> LatentPrior:
        assert self._attached, "attach the latent prior first"
        return self._attached[0]

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """Of one latent."""
        return self._prior.latent_shape

    @property
    def sigma_min(self) -> float:
        """Least noise level that the denoiser was trained for."""
        return self._prior.sigma_min

    @property
    def sigma_max(self) -> float:
        """Largest one."""
        return self._prior.sigma_max

    @property
    def scale(self) -> Tensor:
        """Std of every element of the latent increments, shape latent_shape."""
        return self._prior.scale

    @property
    def covariance(self) -> SpectralCovariance:
        """Covariance of scaled increments, that of the latent prior."""
        return self._prior.covariance

    def denoise(self, delta_t: Tensor, sigma: Tensor, zb: Tensor, season: Tensor) -> Tensor:
        """E[delta | delta_t, zb], as `LatentPrior.denoise` has it."""
        return self._prior.denoise(delta_t, sigma, zb, season)

    def weighted_errors(
        self,
        delta: Tensor,
        zb: Tensor,
        season: Tensor,
        sigma: Tensor,
        noise: Tensor,
        importance: Tensor | None = None,
    ) -> Tensor:
        """As those of the `LatentPrior`, shape (batch,)."""
        return self._prior.weighted_errors(delta, zb, season, sigma, noise, importance)

    def to(self, *args: Any, **options: Any) -> Self:
        moved = super().to(*args, **options)
        self._attached = [prior.to(*args, **options) for prior in self._attached]
        return moved

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return dict(self.state_dict()), self.settings

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        module = cls({name: (shape[0], shape[1]) for name, shape in settings["shapes"].items()}, settings["rank"])
        module.load_state_dict(dict(tensors))
        return module.eval().requires_grad_(False)


def _key(name: str) -> str:
    """A module's name as a dictionary of modules may hold it."""
    return name.replace(".", "/")
