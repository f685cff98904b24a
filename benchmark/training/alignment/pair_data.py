"""Pairs of candidates as the fine-tuning takes them."""

__all__ = ["PairData"]

import math

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import Archive, seed_from
from methods.priors.aligned_prior import AlignedPrior
from methods.priors.autoencoder import Autoencoder
from methods.priors.backbone import seasonal_features
from methods.priors.latent_prior import LatentPrior

from ..denoising import AT_ONCE, LEVELS
from .candidates import Candidates
from .preference_loss import excess_error
from .preferences import Pairs


class PairData:
    """
    Attributes:
        diverged: Cases that are left out because a candidate diverged.
        seconds: What it took to draw the candidates.

    Arguments:
        candidates: All of them.
        pairs: Those of them that are compared.
        archive: The years that they are of.
        autoencoder: Encodes their backgrounds.
        device: Where the priors are.
    """

    def __init__(
        self, candidates: Candidates, pairs: Pairs, archive: Archive, autoencoder: Autoencoder, device: torch.device
    ) -> None:
        self.device, self.seconds = device, candidates.seconds
        self.diverged = int((~candidates.rewards.isfinite()).flatten(1).any(1).sum())
        self.winners = candidates.increments[pairs.case, pairs.winner]
        self.losers = candidates.increments[pairs.case, pairs.loser]
        chosen = archive.select(np.searchsorted(archive.times, candidates.times).tolist())
        anomalies = chosen.background - chosen.climatology
        with torch.no_grad():
            zb = torch.cat([autoencoder.encode(part.to(device)).cpu() for part in anomalies.split(AT_ONCE)])
        self.zb, self.season = zb[pairs.case], seasonal_features(candidates.times)[pairs.case]

    def __len__(self) -> int:
        return len(self.winners)

    def excess(
        self,
        policy: AlignedPrior,
        reference: LatentPrior,
        index: Tensor,
        sigma: Tensor,
        generator: torch.Generator,
        importance: Tensor | None,
    ) -> Tensor:
        """`excess_error` of some pairs, shape (batch,).

        Arguments:
            policy: What is trained.
            reference: What it started as.
            index: Which pairs, shape (batch,).
            sigma: Noise levels, shape (batch,).
            generator: Of the noise.
            importance: As `LatentPrior.loss` takes it.
        """
        noise = torch.randn((len(index), *self.zb.shape[1:]), generator=generator)
        data = (self.winners[index], self.losers[index], self.zb[index], self.season[index], sigma, noise)
        winner, loser, zb, season, sigma, noise = (x.to(self.device) for x in data)
        return excess_error(policy, reference, winner, loser, zb, season, sigma, noise, importance)

    @torch.no_grad()
    def ranked_right(
        self, policy: AlignedPrior, reference: LatentPrior, importance: Tensor | None, at_most: int | None = None
    ) -> float:
        """Share of the pairs whose winner the policy favours over its reference, by the mean over noise levels.

        Arguments:
            at_most: How many pairs, spread evenly; None for all.
        """
        generator = torch.Generator().manual_seed(seed_from("ranking"))
        right = 0
        every = torch.arange(0, len(self), 1 if at_most is None else math.ceil(len(self) / at_most))
        levels = [level for level in LEVELS if reference.sigma_min <= level <= reference.sigma_max]
        for index in every.split(AT_ONCE):
            total = torch.zeros(len(index), device=self.device)
            for level in levels:
                sigma = torch.full((len(index),), level)
                total += self.excess(policy, reference, index, sigma, generator, importance)
            right += int((total < 0).sum())
        return right / len(every)
