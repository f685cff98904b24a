"""The latent of a VAE of background errors as control variable."""

__all__ = ["ErrorSpace"]

from torch import Tensor

from benchmark.problem import Cost, Problem

from .decoded_space import DecodedSpace
from .error_vae import ErrorVAE


class ErrorSpace(DecodedSpace):
    """The latents of a batch of cases, as `LatentSpace` has increments of an autoencoder's.

        x(delta) = xb + D(std delta)

    Arguments:
        problem: The cases.
        vae: D.
        std: Of z; 1 is what it was trained with.
        cost: Where network calls are counted, a case's share.
    """

    def __init__(self, problem: Problem, vae: ErrorVAE, std: float, cost: Cost) -> None:
        super().__init__(problem, cost)
        self.vae, self.std = vae, std
        self.condition = problem.background - problem.climatology
        self.size = vae.size

    def state(self, delta: Tensor) -> Tensor:
        self.cost.network_forwards += delta.shape[1]
        increment = self.vae.decode(self.std * delta.flatten(0, 1))
        return self.problem.background[:, None] + increment.unflatten(0, delta.shape[:2])
