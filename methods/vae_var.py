"""VAE-Var: 3D-Var whose control variable is the latent of a VAE of background errors, which need not be Gaussian.

Xiao, Jia, Chen, Bai & Wei (2025), VAE-Var: variational autoencoder-enhanced variational methods for data assimilation
in meteorology, https://openreview.net/forum?id=utz99dx2RN; there the optimiser is L-BFGS.

    J(z) = 1/2 |z|^2 / b + 1/2 |R^-1/2 (y - H(xb + D(z)))|^2,   xa = xb + D(z)

with the decoder D of `ErrorVAE`. Before training D is linear, and the analysis is that of 3D-Var, cut to B's leading
modes. The determinant of D's Jacobian, which would make xa the mode of x (Xiao et al., 2024,
https://arxiv.org/abs/2405.13711), is left out: xa is the image of the mode of z.
"""

__all__ = ["VAEVar"]

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor

from benchmark.problem import Analysis, CaseNoise, Choice, Cost, Method, Problem, Real, Whole

from .adam import minimise
from .gauss_newton import outer_loops
from .priors.covariance import SpectralCovariance
from .priors.error_space import ErrorSpace
from .priors.error_vae import ErrorVAE
from .quasi_newton import quasi_newton

AT_ONCE = 2**25
"""Elements of the Jacobians that are held in memory together, 128 MiB."""


class VAEVar(Method):
    """Whatever the solver, it is the same J whose minimum is sought, from z = 0; the paper's weight of J_o is 1 / b.

    Parameters:
        b_scale: b, the variance of z that the analysis takes for granted; tuned on the validation year.
        solver: `quasi-newton` (the decoder's gradient and its linear part's Hessian), `gauss-newton` (a gain from the
            decoder's Jacobian, one vector-Jacobian product a value) or `adam`, which needs hundreds of steps.
        loops: Most outer loops of the former two.
        fall: Relative fall of J below which an outer loop is the last.
        rate: Adam's learning rate, halved on plateaus.
        steps: Adam's steps.
    """

    name = "vae-var"
    paper = "Xiao et al. 2025"
    paper_url = "https://openreview.net/forum?id=utz99dx2RN"
    family = "variational"
    uses_adjoint = True
    defaults = {  # noqa: RUF012
        "b_scale": 1.0,
        "solver": "quasi-newton",
        "loops": 30,
        "fall": 1e-3,
        "rate": 0.1,
        "steps": 100,
    }
    search = {  # noqa: RUF012
        "b_scale": Real(0.05, 20.0, log=True),
        "solver": Choice("quasi-newton", "gauss-newton", "adam"),
        "loops": Whole(2, 60, log=True),
        "rate": Real(0.01, 1.0, log=True),
        "steps": Whole(20, 400, log=True),
    }
    components = (ErrorVAE.name,)

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("solver", "quasi-newton", "gauss-newton", "adam")

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        if self["solver"] == "adam":
            return self._adam(problem)
        if self["solver"] == "quasi-newton":
            return self._loops(problem)
        elements = problem.observations.values.shape[1] * self.parts[ErrorVAE.name].size
        group = max(1, AT_ONCE // elements)
        starts = range(0, len(problem), group)
        return _joined([self._loops(problem.select(slice(first, first + group))) for first in starts])

    def _loops(self, problem: Problem) -> Analysis:
        space = self._space(problem)
        if self["solver"] == "quasi-newton":
            solution = quasi_newton(space, self["loops"], self["fall"])
        else:
            unit = SpectralCovariance.identity(space.size).to(problem.device)
            solution = outer_loops(space, unit, self["loops"], self["fall"])
        space.cost.iterations = solution.iterations
        return Analysis.of(space.state(solution.point), space.cost, solution.converged)

    def _adam(self, problem: Problem) -> Analysis:
        space = self._space(problem)

        def objective(v: Tensor) -> Tensor:
            space.cost.network_backwards += 1
            return v.square().sum(-1) / 2 + space.misfit(v)

        start = problem.background.new_zeros(len(problem), 1, space.size)
        v, converged = minimise(objective, start, self["rate"], self["steps"])
        space.cost.iterations = self["steps"]
        return Analysis.of(space.state(v), space.cost, converged.squeeze(1))

    def _space(self, problem: Problem) -> ErrorSpace:
        return ErrorSpace(problem, self.parts[ErrorVAE.name], self["b_scale"] ** 0.5, Cost())


def _joined(parts: Sequence[Analysis]) -> Analysis:
    """The analyses of all cases, and their mean cost."""
    cases = [len(part.status) for part in parts]
    costs = [dataclasses.astuple(part.cost) for part in parts]
    total = [sum(n * value for n, value in zip(cases, values, strict=True)) for values in zip(*costs, strict=True)]
    return Analysis(
        torch.cat([part.members for part in parts]),
        tuple(word for part in parts for word in part.status),
        Cost(*(value / sum(cases) for value in total)),
    )
