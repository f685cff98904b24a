"""What the page's charts of spectra and ensembles show."""

__all__ = ["reliability", "spectra"]

from typing import Any

import numpy as np

from metrics.zonal_waves import bin_of

from ..comparing import Draws, Setting, find_quantity
from .numbers import interval, number


def spectra(setting: Setting, identifier: str) -> dict[str, Any] | None:
    """Power by zonal wavenumber of truth, background error, analyses and their errors, means over the cases.

    Arguments:
        setting: Whose methods are shown.
        identifier: The setting's on the page.

    Returns:
        None where there are no spectra.
    """
    truth = setting.background.bins.get("spectrum_truth", {})
    errors = setting.background.bins.get("spectrum_background_error", {})
    if not truth or not errors:
        return None
    count = len(next(iter(truth.values())))
    return {
        "setting": identifier,
        "wavenumbers": [int(bin_of(i)) for i in range(count)],
        "channels": {
            channel: {
                "truth": _series(truth[channel]),
                "background_error": _series(errors[channel]),
                "methods": {
                    label: {
                        "analysis": _series(result.bins["spectrum_analysis"][channel]),
                        "error": _series(result.bins["spectrum_error"][channel]),
                    }
                    for label, result in setting.results.items()
                    if label != "background" and channel in result.bins.get("spectrum_error", {})
                },
            }
            for channel in truth
        },
    }


def reliability(setting: Setting, identifier: str, draws: Draws) -> dict[str, Any] | None:
    """Spread, error and rank histogram of the methods that return members.

    Arguments:
        setting: Whose methods are shown.
        identifier: The setting's on the page.
        draws: Of its cases.

    Returns:
        None where no method has members.
    """
    found = {}
    for label, result in setting.results.items():
        if result.members < 2 or result.diverged:
            continue
        ranks = result.bins.get("rank_histogram", {})
        found[label] = {
            "members": result.members,
            "channels": {
                channel: {
                    "rmse": number(draws.value_of(result, find_quantity("rmse"), channel)),
                    "spread": number(draws.value_of(result, find_quantity("spread"), channel)),
                    "spread_skill": interval(draws.of(setting, result, find_quantity("spread_skill"), channel)),
                    "ranks": _series(ranks[channel], 3) if channel in ranks else None,
                }
                for channel in setting.channels
            },
        }
    return {"setting": identifier, "methods": found} if found else None


def _series(values: np.ndarray, digits: int = 4) -> list[float | None]:
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in values]
