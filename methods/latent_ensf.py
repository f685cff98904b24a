"""Latent-EnSF: the ensemble score filter in the latent of an autoencoder.

Si & Chen (2024), Latent-EnSF: a latent ensemble score filter for high-dimensional data assimilation with sparse
observation data, https://arxiv.org/abs/2409.00127. A background's covariances live in the decoder, so an observation
moves what its latent elements reach, where `ensf` moves the observed elements alone.

The paper encodes the observations into a latent of their own. Here the likelihood is that of the observations
themselves, through the decoder: with G the Jacobian of H(x(z)) where the members are centred and z in units of their
latent spread, an implicit step of length a along the gradient of log p(y | z) is

    z <- z + a G^T (a G G^T + R)^-1 (y - H(x(z)))

exact for a linear decoder and H; the matrix is decomposed once for all steps.
"""

__all__ = ["LatentEnSF"]

import torch
from torch import Tensor

from benchmark.problem import Analysis, CaseNoise, Cost, Problem

from .ensemble.background import centred
from .ensf import SMALLEST_STD, EnSF
from .priors.autoencoder import Autoencoder
from .priors.latent_space import LatentSpace

MOST_NUMBERS = 2**26
"""Of all Jacobians that are held in memory together."""


class LatentEnSF(EnSF):
    """Parameters as those of `ensf`."""

    name = "latent-ensf"
    paper = "Si & Chen 2024"
    paper_url = "https://arxiv.org/abs/2409.00127"
    components = (Autoencoder.name,)

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        # wherever the members are centred, the latent's increments are those of the background's state
        self.uses_background = True

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        """Returns as many members as the background ensemble has."""
        centre, departures = centred(self, problem)
        autoencoder: Autoencoder = self.parts[Autoencoder.name]
        values, size = problem.observations.values.shape[1], torch.Size(autoencoder.latent_shape).numel()
        at_once = max(1, MOST_NUMBERS // (values * size))
        parts = []
        for begin in range(0, len(problem), at_once):
            part = slice(begin, begin + at_once)
            case_noise = CaseNoise(noise.seeds[part], noise.device)
            parts.append(self._part(problem.select(part), centre[part], departures[part], case_noise))
        states, costs = zip(*parts, strict=True)
        return Analysis.of(torch.cat(states), costs[0])

    def _part(self, problem: Problem, centre: Tensor, departures: Tensor, noise: CaseNoise) -> tuple[Tensor, Cost]:
        cost, autoencoder = Cost(), self.parts[Autoencoder.name]
        unit = torch.ones(autoencoder.latent_shape, device=problem.device)
        space = LatentSpace(problem, autoencoder, unit, cost)
        members = departures.shape[1]
        z = space.increment(centre + departures)
        start = space.increment(centre)
        anomalies = z - z.mean(1, keepdim=True)
        spread = anomalies.std(1, keepdim=True)
        s = self["width"] * (spread.clamp_min(SMALLEST_STD) if self["scale"] == "spread" else torch.ones_like(spread))
        observations = problem.observations
        root = observations.precision.sqrt().double()
        G = root[..., None] * (space.jacobian(start) * s).double()
        gram = G @ G.mT
        # a case that went wrong is its own: the decomposition of the others goes on
        finite = torch.isfinite(gram).flatten(1).all(1)[:, None, None]
        w, Q = torch.linalg.eigh(torch.where(finite, gram, torch.eye(gram.shape[-1]).to(gram)))

        def assimilate(z: Tensor, move: Tensor, a: float) -> Tensor:
            z = z + move
            innovation = root[:, None] * space.innovation(start + s * z).double()
            weights = ((innovation @ Q) / (1 + a * w[:, None].clamp_min(0))) @ Q.mT
            return z + (a * weights @ G).to(z)

        z = self.sample(anomalies / s, noise.members(members), assimilate)
        cost.iterations += self["steps"]
        return space.state(start + s * torch.where(finite, z, torch.nan)), cost
