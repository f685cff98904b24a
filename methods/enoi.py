"""EnOI: ensemble optimal interpolation, with an ensemble that is the same for every case.

Evensen (2003), section 5.4, doi:10.1007/s10236-003-0036-9; Oke et al. (2010), doi:10.1007/s10236-009-0255-4.
One analysis, of the background, with the covariance of a static ensemble of background errors of the training years,
localised as in `letkf`: for worlds without a forecaster, and the cheapest ensemble method there is.
"""

__all__ = ["EnOI"]

import torch

from benchmark.problem import Analysis, CaseNoise, Cost, Method, Problem, Real, Whole

from .ensemble.filter import Members
from .ensemble.local import local_update
from .ensemble.localisation import Localisation
from .priors.static_ensemble import StaticEnsemble


class EnOI(Method):
    """
    Parameters:
        alpha: Factor on the static anomalies.
        samples: How many of the static members are used, at most.
        radius: Horizontal distance at which the Gaspari-Cohn taper is exp(-1/2) [`unit`].
        unit: `km` along great circles, or `cells` of the grid.
        vertical: The same between levels [scale heights, differences of ln p]; 1000 or more: levels do not count.
    """

    name = "enoi"
    paper = "Evensen 2003"
    paper_url = "https://doi.org/10.1007/s10236-003-0036-9"
    family = "ensemble"
    uses_adjoint = False
    defaults = {"alpha": 1.0, "samples": 1000, "radius": 1000.0, "unit": "km", "vertical": 1.0}  # noqa: RUF012
    search = {  # noqa: RUF012
        "alpha": Real(0.1, 3.0, log=True),
        "samples": Whole(8, 1000, log=True),
        "radius": Real(100.0, 5000.0, log=True),
        "vertical": Real(0.1, 10.0, log=True),
    }
    components = (StaticEnsemble.name,)

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("unit", "km", "cells")

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        errors = self.parts[StaticEnsemble.name].errors
        errors = errors[:: -(-len(errors) // self["samples"])]
        where = Localisation(problem.grid, problem.channels, self["radius"], self["unit"], self["vertical"])
        xa = torch.empty_like(problem.background)
        # one case at a time: a static ensemble may have a hundred members
        for case in range(len(problem)):
            one = problem.select(slice(case, case + 1))
            states = one.background[:, None] + self["alpha"] * (errors - errors.mean(0))[None]
            xa[case] = local_update(one, Members.of(one, states), where, transform=False)[0][0]
        return Analysis.of(xa[:, None], Cost(operator_calls=float(len(errors))))
