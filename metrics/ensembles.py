"""Statistics of the members, as WeatherBench 2 defines them (Rasp et al. 2024, https://arxiv.org/abs/2308.15560).

Of a single member they are those of a forecast without spread.
"""

__all__ = [
    "CRPSSkill",
    "CRPSSpread",
    "DebiasedMSE",
    "EnergyScore",
    "MSEMember",
    "RankHistogram",
    "Variance",
]

import numpy as np

from .case_fields import CaseFields
from .domain import Domain
from .statistic import RegionalStatistic, WholeGridStatistic


def _none(case: CaseFields) -> np.ndarray:
    """Zero, but a NaN is not hidden."""
    return 0.0 * case.means("error")


class MSEMember(RegionalStatistic):
    """Mean over the members of each one's own mean square error."""

    name = "mse_member"

    def compute(self, case: CaseFields) -> np.ndarray:
        return case.mse_of_members.mean(0)


class Variance(RegionalStatistic):
    """Unbiased variance of the members (WeatherBench 2's `ensemble_variance`); zero for a single one."""

    name = "variance"

    def compute(self, case: CaseFields) -> np.ndarray:
        return _none(case) if case.size == 1 else case.means("variance")


class DebiasedMSE(RegionalStatistic):
    """`mse - variance / M`: what the mean of infinitely many such members would have, on average.

    It may be negative in a case.
    """

    name = "mse_debiased"

    def compute(self, case: CaseFields) -> np.ndarray:
        mse = case.means("squared_error")
        return mse if case.size == 1 else mse - case.means("variance") / case.size


class CRPSSkill(RegionalStatistic):
    """Mean over the members of each one's mean absolute error: the first term of the CRPS."""

    name = "crps_skill"

    def compute(self, case: CaseFields) -> np.ndarray:
        return case.means("absolute_error" if case.size == 1 else "mean_absolute_member_error")


class CRPSSpread(RegionalStatistic):
    """Mean absolute difference of two different members, over all pairs; zero for a single one.

    Half of it is the second term of the CRPS, unbiased whatever the number of members ("fair"): C. A. T. Ferro (2014),
    Quarterly Journal of the Royal Meteorological Society 140, https://doi.org/10.1002/qj.2270.
    """

    name = "crps_spread"

    def compute(self, case: CaseFields) -> np.ndarray:
        return _none(case) if case.size == 1 else case.means("mean_difference")


class EnergyScore(RegionalStatistic):
    """`mean of |f_m - x| - 1/2 mean of |f_m - f_{m+1}|`, where `|.|` is the root of the mean square over the region.

    It sees whether the members' errors go together in space; channel by channel. T. Gneiting and A. E. Raftery (2007),
    Journal of the American Statistical Association 102, https://doi.org/10.1198/016214506000001437. The second mean
    is over successive members, as in WeatherBench 2. For a single member it is `rmse_case`.
    """

    name = "energy_score"

    def compute(self, case: CaseFields) -> np.ndarray:
        skill = np.sqrt(case.mse_of_members).mean(0)
        return skill if case.size == 1 else skill - np.sqrt(case.mean_squares_of_steps).mean(0) / 2


class RankHistogram(WholeGridStatistic):
    """Share of the points where so many members are below the truth: bins 0 .. M.

    All points count alike, as in WeatherBench 2. A truth that equals k members is shared evenly by the k + 1 bins that
    it may belong to, which is what WeatherBench 2 has on average, for it draws one of them. T. M. Hamill (2001),
    Monthly Weather Review 129, https://doi.org/10.1175/1520-0493(2001)129<0550:IORHFV>2.0.CO;2.
    """

    name = "rank_histogram"
    least_members = 2

    def places(self, domain: Domain, members: int) -> list[tuple[int, str]]:
        return [(rank, name) for name in domain.names for rank in range(members + 1)]

    def compute(self, case: CaseFields) -> np.ndarray:
        bins = case.size + 1
        channels, points = case.truth.shape
        below, equal = case.below_and_equal
        first = below + bins * np.arange(channels)[:, None]
        counts = np.zeros(channels * bins)
        for k in range(int(equal.max()) + 1):
            within = equal >= k
            counts += np.bincount(first[within] + k, 1 / (1.0 + equal[within]), channels * bins)
        shares = counts.reshape(channels, bins) / points
        shares[np.isnan(case.error).any(axis=1)] = np.nan
        return shares.ravel()
