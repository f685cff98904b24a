"""Latent 3D-Var: a Gaussian prior on the increments of an autoencoder's latent.

Fan et al. (2025), Physically consistent global atmospheric data assimilation with machine learning in
latent space; there the covariance is diagonal and the optimiser Adam.

    J(delta) = 1/2 delta^T B^-1 delta + 1/2 |R^-1/2 (y - H(x(delta)))|^2
"""

__all__ = ["LatentThreeDVar"]

from torch import Tensor

from benchmark.problem import Analysis, CaseNoise, Choice, Cost, Method, Problem, Real, Whole

from .adam import minimise
from .gauss_newton import outer_loops
from .priors.autoencoder import Autoencoder
from .priors.covariance import SpectralCovariance
from .priors.latent_prior import LatentPrior
from .priors.latent_space import LatentSpace


class LatentThreeDVar(Method):
    """
    Parameters:
        covariance: `full` (all covariances between latent elements) or `diagonal` (the paper's).
        b_scale: Factor on B; tuned on the validation year.
        solver: `gauss-newton` or `adam` (the paper's).
        loops: Most Gauss-Newton outer loops.
        rate: Adam's learning rate, halved on plateaus.
        steps: Adam's steps.
    """

    name = "latent-3dvar"
    paper = "Fan et al. 2025"
    paper_url = "https://arxiv.org/abs/2502.02884"
    family = "variational"
    uses_adjoint = True
    defaults = {  # noqa: RUF012
        "covariance": "full",
        "b_scale": 1.0,
        "solver": "gauss-newton",
        "loops": 6,
        "rate": 0.1,
        "steps": 100,
    }
    search = {  # noqa: RUF012
        "covariance": Choice("full", "diagonal"),
        "b_scale": Real(0.05, 20.0, log=True),
        "solver": Choice("gauss-newton", "adam"),
        "loops": Whole(1, 12),
        "rate": Real(0.01, 1.0, log=True),
        "steps": Whole(20, 400, log=True),
    }
    components = (Autoencoder.name, LatentPrior.name)

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("covariance", "full", "diagonal")
        self.require_choice("solver", "gauss-newton", "adam")

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        prior: LatentPrior = self.parts[LatentPrior.name]
        cost = Cost()
        if self["covariance"] == "full":
            B, scale = prior.covariance, prior.scale * self["b_scale"] ** 0.5
        else:
            B, scale = SpectralCovariance.identity(prior.scale.numel()), prior.scale * self["b_scale"] ** 0.5
            B = B.to(problem.device)
        space = LatentSpace(problem, self.parts[Autoencoder.name], scale, cost)
        if self["solver"] == "gauss-newton":
            solution = outer_loops(space, B, self["loops"], tolerance=1e-3)
            cost.iterations = solution.iterations
            return Analysis.of(space.state(solution.point), cost, solution.converged)

        # whitened by B^{1/2}, so that one rate suits every direction
        def objective(v: Tensor) -> Tensor:
            cost.network_backwards += 1
            return v.square().sum(-1) / 2 + space.misfit(B.map_modes(lambda b: b.sqrt(), v))

        v, converged = minimise(objective, space.zb.new_zeros(len(problem), 1, space.size), self["rate"], self["steps"])
        cost.iterations = self["steps"]
        return Analysis.of(space.state(B.map_modes(lambda b: b.sqrt(), v)), cost, converged.squeeze(1))
