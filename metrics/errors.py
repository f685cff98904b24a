"""Statistics of the error of the members' mean."""

__all__ = ["ACC", "MAE", "MSE", "Bias", "RMSECase", "WindMSE"]

import numpy as np

from .case_fields import CaseFields
from .domain import Domain
from .statistic import RegionalStatistic


class MSE(RegionalStatistic):
    """Mean square error of the member mean."""

    name = "mse"

    def compute(self, case: CaseFields) -> np.ndarray:
        return case.means("squared_error")


class RMSECase(RegionalStatistic):
    """Root of the case's mean square error of the member mean."""

    name = "rmse_case"

    def compute(self, case: CaseFields) -> np.ndarray:
        return np.sqrt(case.means("squared_error"))


class MAE(RegionalStatistic):
    """Mean absolute error of the member mean."""

    name = "mae"

    def compute(self, case: CaseFields) -> np.ndarray:
        return case.means("absolute_error")


class Bias(RegionalStatistic):
    """Mean of member mean - truth."""

    name = "bias"

    def compute(self, case: CaseFields) -> np.ndarray:
        return case.means("error")


class ACC(RegionalStatistic):
    """Anomaly correlation of the member mean; the anomalies' own spatial mean stays in, as in WeatherBench 2.

    NaN where either side has no anomaly at all, such as the climatology itself.
    """

    name = "acc"
    needs = frozenset({"climatology"})

    def compute(self, case: CaseFields) -> np.ndarray:
        own, true = case.means("squared_anomaly"), case.means("squared_true_anomaly")
        return case.means("anomaly_product") / np.sqrt(own * true)


class WindMSE(RegionalStatistic):
    """Mean square of the error of the member mean's wind vector, `(du^2 + dv^2)`, at every level with u and v."""

    name = "wind_mse"

    def places(self, domain: Domain, members: int) -> list[tuple[int, str]]:
        return [(0, f"wind{level}") for level in domain.winds]

    def compute(self, case: CaseFields) -> np.ndarray:
        u, v = np.array(list(case.domain.winds.values())).T
        mse = case.means("squared_error")
        return mse[u] + mse[v]
