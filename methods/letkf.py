"""LETKF: the local ensemble transform Kalman filter.

Hunt, Kostelich & Szunyogh (2007), Efficient data assimilation for spatiotemporal chaos: a local ensemble transform
Kalman filter, doi:10.1016/j.physd.2006.11.008.
"""

__all__ = ["LETKF"]

from torch import Tensor

from benchmark.problem import CaseNoise, Problem, Real

from .ensemble.filter import FILTER_DEFAULTS, EnsembleFilter, Members
from .ensemble.local import local_update
from .ensemble.localisation import Localisation


class LETKF(EnsembleFilter):
    """
    Parameters:
        radius: Horizontal distance at which the Gaspari-Cohn taper is exp(-1/2) [`unit`].
        unit: `km` along great circles, or `cells` of the grid.
        vertical: The same between levels [scale heights, differences of ln p]; 1000 or more: levels do not count.
        centre, prior_inflation, inflation, rtpp, rtps, rotate: See `EnsembleFilter`.
    """

    name = "letkf"
    paper = "Hunt et al. 2007"
    paper_url = "https://doi.org/10.1016/j.physd.2006.11.008"
    defaults = {"radius": 1000.0, "unit": "km", "vertical": 1.0, **FILTER_DEFAULTS}  # noqa: RUF012
    search = {  # noqa: RUF012
        "radius": Real(100.0, 5000.0, log=True),
        "vertical": Real(0.1, 10.0, log=True),
        **EnsembleFilter.search,
    }

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("unit", "km", "cells")
        self._where: Localisation | None = None

    def update(self, problem: Problem, members: Members, noise: CaseNoise) -> tuple[Tensor, Tensor]:
        if self._where is None or (self._where.grid, self._where.channels) != (problem.grid, problem.channels):
            self._where = Localisation(problem.grid, problem.channels, self["radius"], self["unit"], self["vertical"])
        mean, anomalies = local_update(problem, members, self._where)
        assert anomalies is not None
        return mean, anomalies
