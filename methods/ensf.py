"""EnSF: the ensemble score filter; a diffusion filter that nobody trains.

Bao, Zhang & Zhang (2024), An ensemble score filter for tracking high-dimensional nonlinear dynamical systems,
doi:10.1016/j.cma.2024.117447, https://arxiv.org/abs/2309.00983. A reverse diffusion from noise at t = 1 to an
analysis member at t = 0, in the scaled increment z = (x - centre) / s, with the forward process

    z_t = alpha z + beta e,   alpha = 1 - (1 - eps_alpha) t,   beta^2 = eps_beta + (1 - eps_beta) t

and the score of the background estimated from its members, without any network, plus that of the likelihood,
damped by 1 - t:

    score(z_t, t) = prior(z_t, t) + (1 - t) grad log p(y | z_t)

`own`: as in the authors' code, member j follows its own background member only, prior = -(z_t - alpha z_j) / beta^2.
`mixture`: as in the paper, the mean of these over all members, weighted by how likely each is.

The likelihood's curvature, s^2 H^T R^-1 H, is too stiff for their explicit Euler steps where observations are
accurate; its diagonal is taken implicitly here, which has the same limit for small steps and is stable for large ones.
Where nothing is observed nothing moves: there is no covariance that carries information to other places.
"""

__all__ = ["EnSF"]

from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.problem import (
    Analysis,
    CaseNoise,
    Choice,
    Cost,
    LinearOperator,
    Method,
    Need,
    Observations,
    Problem,
    Real,
    Whole,
)

from .ensemble.background import centred

SMALLEST_STD = 1e-6


class EnSF(Method):
    """
    Parameters:
        steps: Steps of the reverse process.
        eps_alpha, eps_beta: alpha at t = 1, and beta^2 at t = 0.
        weights: `own` or `mixture`.
        scale: s: `spread` (each element's ensemble std) or `one`.
        width: Factor on s.
        centre: What the members are centred on: the `background`, or their own mean (`ensemble`).
        inflation: Factor on the analysis anomalies.
        relaxation: How far the analysis spread of every element goes back to that of the background, 0 to 1.
    """

    name = "ensf"
    paper = "Bao et al. 2024"
    paper_url = "https://doi.org/10.1016/j.cma.2024.117447"
    family = "ensemble"
    uses_adjoint = True
    point = False
    default_members = 20
    needs = frozenset({Need.ENSEMBLE})
    defaults = {  # noqa: RUF012
        "steps": 200,
        "eps_alpha": 0.5,
        "eps_beta": 0.025,
        "weights": "own",
        "scale": "spread",
        "width": 1.0,
        "centre": "background",
        "inflation": 1.0,
        "relaxation": 0.0,
    }
    search = {  # noqa: RUF012
        "steps": Whole(20, 400, log=True),
        "eps_alpha": Real(0.01, 0.9, log=True),
        "eps_beta": Real(0.002, 0.5, log=True),
        "scale": Choice("spread", "one"),
        "width": Real(0.2, 5.0, log=True),
        "centre": Choice("background", "ensemble"),
    }

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("weights", "own", "mixture")
        self.require_choice("scale", "spread", "one")
        self.require_choice("centre", "background", "ensemble")
        self.uses_background = self["centre"] == "background"

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        """Returns as many members as the background ensemble has."""
        centre, departures = centred(self, problem)
        size = departures.shape[1]
        spread = departures.std(1, keepdim=True)
        s = self["width"] * (spread.clamp_min(SMALLEST_STD) if self["scale"] == "spread" else torch.ones_like(spread))

        def assimilate(z: Tensor, move: Tensor, a: float) -> Tensor:
            gradient, curvature = _likelihood(problem.observations, centre + s * z)
            return z + (move + a * s * gradient) / (1 + a * s.square() * curvature)

        z = self.sample(departures / s, noise.members(size), assimilate)
        calls = 2.0 * size * self["steps"]
        return Analysis.of(centre + s * z, Cost(operator_calls=calls, iterations=float(self["steps"])))

    def sample(
        self, prior: Tensor, streams: CaseNoise, assimilate: Callable[[Tensor, Tensor, float], Tensor]
    ) -> Tensor:
        """The analysis ensemble, inflated and relaxed, of the same shape as that of the background.

        Arguments:
            prior: The background ensemble in units of s, about what it is centred on, shape (case, member, ...).
            streams: The members' noise.
            assimilate: (z, move, a) -> z after the move that the prior makes of it and an implicit step of length a
                along the gradient of log p(y | z).
        """
        z = self._draw(streams, prior)
        dt = 1 / self["steps"]
        for step in range(self["steps"]):
            t = 1 - step * dt
            alpha, beta2 = 1 - (1 - self["eps_alpha"]) * t, self["eps_beta"] + (1 - self["eps_beta"]) * t
            # drift f = d log alpha / dt and diffusion g^2 = d beta^2 / dt - 2 f beta^2 of the forward process
            f = -(1 - self["eps_alpha"]) / alpha
            g2 = 1 - self["eps_beta"] - 2 * f * beta2
            move = dt * (g2 * self._prior_score(z, prior, alpha, beta2) - f * z)
            z = assimilate(z, move + (g2 * dt) ** 0.5 * self._draw(streams, prior), dt * g2 * (1 - t))
        mean = z.mean(1, keepdim=True)
        before, after = (x.std(1, keepdim=True).clamp_min(SMALLEST_STD) for x in (prior, z))
        return mean + self["inflation"] * (z - mean) * (1 + self["relaxation"] * (before - after) / after)

    def _prior_score(self, z: Tensor, prior: Tensor, alpha: float, beta2: float) -> Tensor:
        if self["weights"] == "own":
            return (alpha * prior - z) / beta2
        flat, means = z.flatten(2), alpha * prior.flatten(2)
        # |z - m|^2 of every member from every mean
        likely = (-(torch.cdist(flat, means).square()) / (2 * beta2)).softmax(-1)
        return ((likely @ means) - flat).view_as(z) / beta2

    def _draw(self, streams: CaseNoise, like: Tensor) -> Tensor:
        return streams.randn(*like.shape[2:]).view_as(like)


def _likelihood(observations: Observations, x: Tensor) -> tuple[Tensor, Tensor]:
    """grad log p(y | x) = H^T R^-1 (y - H(x)), and the diagonal of H^T R^-1 H, of every member; the latter without a
    member axis of its own where H is linear.

    Arguments:
        x: Shape (case, member, channel, latitude, longitude).
    """
    H, precision = observations.operator, observations.precision
    misfit = precision[:, None] * observations.innovation(x)
    if isinstance(H, LinearOperator):
        return H.adjoint(misfit), H.squared_adjoint(precision)[:, None]
    tangents = [H.tangent(member) for member in x.unbind(1)]
    gradient = [tangent.adjoint(part) for tangent, part in zip(tangents, misfit.unbind(1), strict=True)]
    return torch.stack(gradient, dim=1), torch.stack([t.squared_adjoint(precision) for t in tangents], dim=1)
