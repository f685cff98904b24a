"""Optimal interpolation: the best linear analysis of a first guess and observations, solved directly.

Gandin (1963), Objective analysis of meteorological fields; multivariate and in three dimensions by Lorenc (1981),
doi:10.1175/1520-0493(1981)109<0701:AGTDMS>2.0.CO;2; Daley (1991), Atmospheric data analysis, chapters 4 and 5.

    xa = x0 + B H^T (H B H^T + R)^-1 (y - H x0)

All observations of a case are taken together, where Lorenc's computers needed boxes.
"""

__all__ = ["Interpolation"]

from typing import ClassVar

from benchmark.problem import Analysis, BenchError, CaseNoise, Choice, Cost, LinearOperator, Method, Need, Problem, Real

from .priors.background_error import BackgroundError
from .priors.pair_statistics import FIRST_GUESSES, PairStatistics
from .quadratic import ObservationSpace, PointCovariance


class Interpolation(Method):
    """
    Parameters:
        first_guess: x0: `background` or `climatology`.
        covariance: B: `pairs`, a function of distance fitted to the first guess's errors at pairs of stations, or
            `archive`, that of 3D-Var whole, which is of the *background's* errors: with a climatology as first guess
            it is right only in a world whose background is that.
        nugget: Whether the `pairs` keep the variance that no other point shares, or are extrapolated to zero distance
            (Hollingsworth & Lonnberg, 1986, doi:10.3402/tellusa.v38i2.11707); tuned on the validation year.
        b_scale: Factor on B; tuned likewise.
    """

    name = "interpolation"
    paper = "Gandin 1963"
    family = "interpolation"
    uses_adjoint = True
    defaults = {"first_guess": "background", "covariance": "pairs", "nugget": False, "b_scale": 1.0}  # noqa: RUF012
    search = {"nugget": Choice(False, True), "b_scale": Real(0.05, 5.0, log=True)}  # noqa: RUF012
    components = (PairStatistics.name,)
    needs: ClassVar[frozenset[Need]] = frozenset({Need.LINEAR_OPERATOR})

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("first_guess", *FIRST_GUESSES)
        self.require_choice("covariance", "pairs", "archive")
        self.prior = self["first_guess"]
        if self["covariance"] == "archive":
            self.components = (BackgroundError.name,)

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        x0, obs = getattr(problem, self["first_guess"]), problem.observations
        H = obs.operator
        if not isinstance(H, LinearOperator):
            raise BenchError(f"{self.name} needs a linear observation operator, not {type(H).__name__}.")
        solver = ObservationSpace(self._covariance().scaled_by(self["b_scale"]), obs)
        increment, _ = solver.solve(H, obs.innovation(x0.double()))
        xa = x0 + increment.view(x0.shape).to(x0)
        return Analysis.of(xa[:, None], Cost(operator_calls=1 + solver.operator_calls))

    def _covariance(self) -> PointCovariance:
        if self["covariance"] == "archive":
            B: PointCovariance = self.parts[BackgroundError.name].covariance
            return B
        pairs: PairStatistics = self.parts[PairStatistics.name]
        fitted = pairs.covariances[self["first_guess"]]
        return fitted if self["nugget"] else fitted.without_nugget()
