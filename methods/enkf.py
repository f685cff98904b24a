"""EnKF: the stochastic ensemble Kalman filter, with perturbed observations.

Evensen (1994), doi:10.1029/94JC00572; Burgers, van Leeuwen & Evensen (1998),
doi:10.1175/1520-0493(1998)126<1719:ASITEK>2.0.CO;2. Every member is updated with observations of its own,

    x_i <- x_i + K (y + e_i - H(x_i)),   K = A^T Y (Y^T Y + (N - 1) R)^-1

with perturbations e_i whose mean is taken out and whose variance is kept.
"""

__all__ = ["EnKF"]

from torch import Tensor

from benchmark.problem import CaseNoise, Problem

from .ensemble.filter import EnsembleFilter, Members, combine, global_products
from .ensemble.transform import precision_matrix, solve


class EnKF(EnsembleFilter):
    name = "enkf"
    paper = "Burgers et al. 1998"
    paper_url = "https://doi.org/10.1175/1520-0493(1998)126%3C1719:ASITEK%3E2.0.CO;2"

    def update(self, problem: Problem, members: Members, noise: CaseNoise) -> tuple[Tensor, Tensor]:
        size = members.anomalies.shape[1]
        drawn = noise.values(problem.observations.mask, size).double()
        drawn = (drawn - drawn.mean(1, keepdim=True)) * (size / (size - 1)) ** 0.5
        Y = members.observed.double()
        misfit = members.innovation.double()[:, None] + drawn - Y
        products, _ = global_products(members)
        # one row a member: how much of every anomaly it takes
        weights = solve(precision_matrix(products), Y @ misfit.mT).mT / (size - 1)
        moved = members.anomalies + combine(weights.to(members.anomalies), members.anomalies)
        mean = moved.mean(1)
        return members.mean + mean, moved - mean[:, None]
