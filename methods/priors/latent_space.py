"""The latent increment as control variable: states, and their observed values, as functions of it."""

__all__ = ["LatentSpace"]

from torch import Tensor

from benchmark.problem import Cost, Problem

from .autoencoder import Autoencoder
from .decoded_space import DecodedSpace


class LatentSpace(DecodedSpace):
    """The latent increments of a batch of cases.

        x(delta) = xb + D(zb + S delta) - D(zb),   zb = E(xb - climatology)

    so a zero increment is the background itself, with what the autoencoder cannot hold.

    Arguments:
        problem: The cases.
        autoencoder: E and D.
        scale: S, the std of every element of the increments, shape latent_shape.
        cost: Where network calls are counted, a case's share.
    """

    def __init__(self, problem: Problem, autoencoder: Autoencoder, scale: Tensor, cost: Cost) -> None:
        super().__init__(problem, cost)
        self.autoencoder, self.scale = autoencoder, scale
        self.zb = autoencoder.encode(problem.background - problem.climatology)
        self.offset = problem.background - autoencoder.decode(self.zb)
        self.condition = self.zb
        self.size = self.zb[0].numel()
        cost.network_forwards += 2

    def state(self, delta: Tensor) -> Tensor:
        cases, members, _ = delta.shape
        increment = delta.view(cases, members, *self.zb.shape[1:]) * self.scale
        latent = (self.zb[:, None] + increment).flatten(0, 1)
        self.cost.network_forwards += members
        return self.offset[:, None] + self.autoencoder.decode(latent).unflatten(0, (cases, members))

    def increment(self, states: Tensor) -> Tensor:
        """delta of the latents nearest to states: (case, member, channel, latitude, longitude) to (case, member, n)."""
        cases, members = states.shape[:2]
        z = self.autoencoder.encode((states - self.offset[:, None]).flatten(0, 1))
        self.cost.network_forwards += members
        return ((z.unflatten(0, (cases, members)) - self.zb[:, None]) / self.scale).flatten(2)
