"""The exact posterior of a Gaussian prior and linear observations.

With p(x | xb) = N(xb, B) and y = H x + noise of covariance R (Kalman, 1960; Tarantola, 2005, section 3.2),

    p(x | xb, y) = N(xb + K d, (I - K H) B),    K = B H^T S^-1,    S = H B H^T + R,    d = y - H xb

all in double precision and in observation space. A sample is made of a sample of the prior (Matheron's rule; Hoffman &
Ribak, 1991, doi:10.1086/186160):

    x = xb + e + K (d - H e - eps),    e ~ N(0, B),    eps ~ N(0, R)
"""

__all__ = ["ExactPosterior"]

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from benchmark.problem import BenchError, CaseNoise, Component, LinearOperator, Problem

from .background_error import KINDS, BackgroundError, Covariance

AT_ONCE = 256
"""Columns of B H^T that are made together."""


@dataclasses.dataclass(frozen=True)
class CaseSolution:
    """The posterior of one case, factorised.

    Arguments:
        mask: Which values are real, shape (value,), bool.
        HB: H B, shape (real value, n).
        L: Cholesky factor of S = L L^T, shape (real value, real value); NaN if S has none.
    """

    mask: Tensor
    HB: Tensor
    L: Tensor

    def update(self, innovation: Tensor) -> Tensor:
        """K d: (row, value) to (row, n)."""
        return torch.cholesky_solve(innovation[:, self.mask].mT, self.L).mT @ self.HB

    @property
    def reduction(self) -> Tensor:
        """Diagonal of K H B, shape (n,): the squares of L^-1 H B, summed."""
        return torch.linalg.solve_triangular(self.L, self.HB, upper=False).square().sum(0)


class ExactPosterior(Component):
    """
    Arguments:
        covariance: B over the flattened (channel, latitude, longitude) [normalised].
    """

    name: ClassVar[str] = "exact-posterior"

    def __init__(self, covariance: Covariance) -> None:
        self.covariance = covariance.double()

    def mean(self, problem: Problem) -> Tensor:
        """Posterior mean, shape (case, channel, latitude, longitude), float64 [normalised].

        Raises:
            BenchError: If the observation operator is not linear.
        """
        xb = problem.background.double()
        d = problem.observations.innovation(xb)
        updates = [self._solve(problem, case).update(d[case : case + 1]) for case in range(len(problem))]
        return xb + torch.stack(updates).view_as(xb)

    def variance(self, problem: Problem) -> Tensor:
        """Diagonal of the posterior covariance, shape (case, channel, latitude, longitude), float64 [normalised^2].

        Raises:
            BenchError: If the observation operator is not linear.
        """
        return self.mean_and_variance(problem)[1]

    def mean_and_variance(self, problem: Problem) -> tuple[Tensor, Tensor]:
        """Both, with one factorisation of each case."""
        xb = problem.background.double()
        d = problem.observations.innovation(xb)
        before = self.covariance.diagonal()
        means, variances = [], []
        for case in range(len(problem)):
            solution = self._solve(problem, case)
            means.append(solution.update(d[case : case + 1]))
            variances.append(before - solution.reduction)
        return xb + torch.stack(means).view_as(xb), torch.stack(variances).view_as(xb)

    def sample(self, problem: Problem, members: int, noise: CaseNoise) -> Tensor:
        """Independent samples of the posterior, shape (case, member, channel, latitude, longitude), float64
        [normalised]; member i is the same however many are asked for.

        Raises:
            BenchError: If the observation operator is not linear.
        """
        observations, xb = problem.observations, problem.background.double()
        cases, size = len(problem), xb[0].numel()
        streams = noise.members(members)
        white = streams.randn(size).view(cases, members, size)
        eps = streams.values(observations.mask.repeat_interleave(members, 0), 1).view(cases, members, -1)
        eps = eps.double() * torch.where(observations.mask, observations.error_std, 0.0).double()[:, None]
        d = observations.innovation(xb)
        drawn = []
        for case in range(cases):
            e = self.covariance.sqrt(white[case].double())
            seen = observations.operator.select(slice(case, case + 1))(e.view(1, members, *xb.shape[1:]))[0]
            drawn.append(e + self._solve(problem, case).update(d[case] - seen - eps[case]))
        return xb[:, None] + torch.stack(drawn).view(cases, members, *xb.shape[1:])

    def _solve(self, problem: Problem, case: int) -> CaseSolution:
        """Factorises one case: thousands of values by thousands of state values are memory enough."""
        observations = problem.observations.select(slice(case, case + 1))
        H, mask = observations.operator, observations.mask[0]
        if not isinstance(H, LinearOperator):
            raise BenchError(
                f"The exact posterior is known for linear observation operators, not for {type(H).__name__}; "
                "observe the state itself."
            )
        unit = torch.eye(len(mask), dtype=torch.float64, device=mask.device)[mask]
        if not len(unit):  # nothing is observed: no gain, and no Fourier transform of no fields
            return CaseSolution(mask, unit.new_zeros(0, problem.background[0].numel()), unit.new_zeros(0, 0))
        columns = [self.covariance.apply(H.adjoint(part[None])[0].flatten(1)) for part in unit.split(AT_ONCE)]
        HB = torch.cat(columns)
        S = H(HB.view(1, -1, *H.shape))[0][:, mask] + torch.diag(observations.error_std[0, mask].double().square())
        L, failed = torch.linalg.cholesky_ex((S + S.mT) / 2)
        # a case that went wrong is its own: the others of its batch have their analysis
        L = torch.where(failed > 0, torch.nan, L)
        return CaseSolution(mask, HB, L)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return BackgroundError(self.covariance).state()

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        return cls(KINDS[settings.get("kind", "eof")](**tensors))

    def to(self, device: torch.device | str) -> Self:
        return type(self)(self.covariance.to(device))
