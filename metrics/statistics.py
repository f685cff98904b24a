"""All statistics: what is computed of one case, before any averaging over cases.

Non-linear steps that belong to a case (the root in `rmse_case`, the ratio in `acc`) are taken here; those
that belong to the mean over cases are taken in `scores`. Where the fields hold a NaN, the statistic is NaN:
a gap is never averaged around.
"""

__all__ = ["STATISTICS", "find_statistic"]

from benchmark.problem import BenchError, closest

from .balance import GeostrophicCorrelation, HydrostaticResidual, NegativeHumidity
from .ensembles import CRPSSkill, CRPSSpread, DebiasedMSE, EnergyScore, MSEMember, RankHistogram, Variance
from .errors import ACC, MAE, MSE, Bias, RMSECase, WindMSE
from .spectra import SPECTRA
from .statistic import Statistic

STATISTICS: tuple[Statistic, ...] = (
    *(MSE(), RMSECase(), MAE(), Bias(), ACC(), WindMSE()),
    *(MSEMember(), Variance(), DebiasedMSE(), CRPSSkill(), CRPSSpread(), EnergyScore(), RankHistogram()),
    *SPECTRA,
    *(GeostrophicCorrelation(), HydrostaticResidual(), NegativeHumidity()),
)


def find_statistic(name: str) -> Statistic:
    """The statistic of that name.

    Raises:
        BenchError: If there is none; the nearest names are given.
    """
    for statistic in STATISTICS:
        if statistic.name == name:
            return statistic
    raise BenchError(f"No statistic is called '{name}'; {closest(name, [s.name for s in STATISTICS])}")
