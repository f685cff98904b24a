"""Statistics of balance: whether what the analysis has changed can be in the atmosphere."""

__all__ = ["GeostrophicCorrelation", "HydrostaticResidual", "NegativeHumidity"]

import itertools
import math

import numpy as np

from .case_fields import CaseFields
from .domain import Domain
from .statistic import WholeGridStatistic

DRY_AIR = 287.05
"""Gas constant of dry air [J kg-1 K-1]."""


class GeostrophicCorrelation(WholeGridStatistic):
    """Correlation of the increment's wind with the geostrophic wind of its geopotential, at levels with z, u and v.

    `<du dug + dv dvg> / sqrt(<du^2 + dv^2> <dug^2 + dvg^2>)`, the area-weighted means over latitudes of 20 to 85
    degrees in both hemispheres: 1 where the wind is in balance, 0 where it knows nothing of the geopotential. NaN
    without an increment of either. On balance of increments: R. N. Bannister (2008), A review of forecast error
    covariance statistics in atmospheric variational data assimilation II, https://doi.org/10.1002/qj.340.
    """

    name = "geostrophic_correlation"
    needs = frozenset({"background"})

    def places(self, domain: Domain, members: int) -> list[tuple[int, str]]:
        return [(0, f"wind{level}") for level in domain.levels("z", "u", "v")] if domain.geostrophy else []

    def compute(self, case: CaseFields) -> np.ndarray:
        geostrophy = case.domain.geostrophy
        assert geostrophy is not None  # or it has no places
        fields = case.increment.reshape(-1, *case.domain.grid.shape)
        z, u, v = np.array(list(case.domain.levels("z", "u", "v").values())).T
        du, dv = (fields[component][:, geostrophy.rows] for component in (u, v))
        dug, dvg = geostrophy.wind(fields[z])

        def total(field: np.ndarray) -> np.ndarray:
            return field.reshape(len(field), -1) @ geostrophy.area.ravel()

        return total(du * dug + dv * dvg) / np.sqrt(total(du * du + dv * dv) * total(dug * dug + dvg * dvg))


class HydrostaticResidual(WholeGridStatistic):
    """How far the increment is from hydrostatic balance, in every layer between two levels with z and t.

    The hypsometric equation gives the thickness of the layer between the pressures p1 > p2 from its mean temperature:
    `a = dz2 - dz1` is to be `b = R ln(p1 / p2) (dt1 + dt2) / 2`, with R = 287.05 J kg-1 K-1 of dry air (J. R. Holton
    and G. J. Hakim, An introduction to dynamic meteorology, 5th edition, section 1.4). The residual is
    `sqrt(<(a - b)^2> / (<a^2> + <b^2>))`: 0 in balance, 1 where the two know nothing of each other, at most sqrt(2).
    NaN without an increment. Moisture, and temperature between the levels, are left out: no increment has quite 0.
    """

    name = "hydrostatic_residual"
    needs = frozenset({"background"})

    def places(self, domain: Domain, members: int) -> list[tuple[int, str]]:
        return [(0, f"layer{upper}-{lower}") for upper, lower in itertools.pairwise(domain.levels("z", "t"))]

    def compute(self, case: CaseFields) -> np.ndarray:
        levels = case.domain.levels("z", "t")
        z, t = np.array(list(levels.values())).T
        depth = [math.log(lower / upper) for upper, lower in itertools.pairwise(levels)]
        a = case.increment[z[:-1]] - case.increment[z[1:]]
        b = (case.increment[t[:-1]] + case.increment[t[1:]]) / 2 * DRY_AIR * np.array(depth)[:, None]
        area = case.domain.grid.cell_area.ravel()
        return np.sqrt(((a - b) ** 2 @ area) / ((a**2 + b**2) @ area))


class NegativeHumidity(WholeGridStatistic):
    """Share of the area, over all members, where specific humidity is below zero, at every level with q."""

    name = "negative_humidity"

    def places(self, domain: Domain, members: int) -> list[tuple[int, str]]:
        return [(0, domain.names[i]) for (i,) in domain.levels("q").values()]

    def compute(self, case: CaseFields) -> np.ndarray:
        (q,) = np.array(list(case.domain.levels("q").values())).T
        area = case.domain.grid.cell_area.ravel()
        shares = (case.members[:, q] < 0) @ area / area.sum()
        # a NaN is not below zero
        return shares.mean(0) + 0.0 * case.mean[q].sum(axis=1)
