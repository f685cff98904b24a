"""Zonal power spectra: at which scales the analysis errs, has lost power, or has power that the truth has not.

Each is the area-weighted mean over latitudes of the mean square of a zonal wavenumber; `metrics.zonal_waves` says
what the bins are, and what is done on a limited area.
"""

__all__ = ["SPECTRA"]

import abc

import numpy as np

from .case_fields import CaseFields
from .domain import Domain
from .statistic import WholeGridStatistic


class _Spectrum(WholeGridStatistic):
    def places(self, domain: Domain, members: int) -> list[tuple[int, str]]:
        bins = domain.waves.bins if domain.waves else ()
        return [(number, name) for name in domain.names for number in bins]

    def compute(self, case: CaseFields) -> np.ndarray:
        return self.power(case).ravel()

    @abc.abstractmethod
    def power(self, case: CaseFields) -> np.ndarray:
        """Shape (channel, bin)."""


class _Analysis(_Spectrum):
    """Of a member: mean over the members of each one's spectrum."""

    name = "spectrum_analysis"

    def power(self, case: CaseFields) -> np.ndarray:
        if case.size == 1:
            return case.power_of_mean
        total = np.zeros(())
        for member in case.members:
            total = total + case.zonal.power(case.zonal.transform(member.astype(np.float64, copy=False)))
        return total / case.size


class _Mean(_Spectrum):
    """Of the members' mean."""

    name = "spectrum_mean"

    def power(self, case: CaseFields) -> np.ndarray:
        return case.power_of_mean


class _Truth(_Spectrum):
    """Of the truth."""

    name = "spectrum_truth"

    def power(self, case: CaseFields) -> np.ndarray:
        return case.zonal.power(case.waves_of_truth)


class _Error(_Spectrum):
    """Of member mean - truth."""

    name = "spectrum_error"

    def power(self, case: CaseFields) -> np.ndarray:
        return case.zonal.power(case.waves_of_error)


class _BackgroundError(_Spectrum):
    """Of background - truth."""

    name = "spectrum_background_error"
    needs = frozenset({"background"})

    def power(self, case: CaseFields) -> np.ndarray:
        return case.zonal.power(case.waves_of_background_error)


class _Increment(_Spectrum):
    """Of member mean - background."""

    name = "spectrum_increment"
    needs = frozenset({"background"})

    def power(self, case: CaseFields) -> np.ndarray:
        return case.zonal.power(case.waves_of_error - case.waves_of_background_error)


SPECTRA = (_Analysis(), _Mean(), _Truth(), _Error(), _BackgroundError(), _Increment())
