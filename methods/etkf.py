"""ETKF: the ensemble transform Kalman filter with the symmetric square root.

Bishop, Etherton & Majumdar (2001), doi:10.1175/1520-0493(2001)129<0420:ASWTET>2.0.CO;2; Hunt, Kostelich & Szunyogh
(2007), doi:10.1016/j.physd.2006.11.008. No localisation: with fewer members than directions of error it is for
small systems.
"""

__all__ = ["ETKF"]

import torch
from torch import Tensor

from benchmark.problem import CaseNoise, Problem

from .ensemble.filter import EnsembleFilter, Members, combine, global_products
from .ensemble.transform import inverse_root, precision_matrix


class ETKF(EnsembleFilter):
    name = "etkf"
    paper = "Bishop et al. 2001"
    paper_url = "https://doi.org/10.1175/1520-0493(2001)129%3C0420:ASWTET%3E2.0.CO;2"

    def update(self, problem: Problem, members: Members, noise: CaseNoise) -> tuple[Tensor, Tensor]:
        products, projected = global_products(members)
        T = inverse_root(precision_matrix(products))
        w = (T @ (T @ projected[..., None])).squeeze(-1) / (T.shape[-1] - 1)
        found = combine(torch.cat((w[:, None], T), dim=1).to(members.anomalies), members.anomalies)
        return members.mean + found[:, 0], found[:, 1:]
