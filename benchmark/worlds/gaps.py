"""Times that an archive's own time step promises and that are not there."""

__all__ = ["missing_times", "refuse_gaps"]

from collections.abc import Iterable

import numpy as np

from benchmark.files.dates import hour_of, say, year_of
from benchmark.problem import BenchError


def missing_times(times: np.ndarray) -> np.ndarray:
    """Times missing between others, each hour of the day with its own usual step.

    Arguments:
        times: Shape (time,), datetime64[ns], ascending.

    Returns:
        Shape (missing,), datetime64[ns], ascending.
    """
    found = [np.array([], "datetime64[ns]")]
    hours = hour_of(times)
    for hour in np.unique(hours):
        these = times[hours == hour]
        steps = np.diff(these)
        if len(steps) == 0:
            continue
        usual = np.median(steps.astype(np.int64)).astype("timedelta64[ns]")
        # months and leap days make steps uneven, a time that is left out doubles one
        for k in np.flatnonzero(steps > 1.5 * usual):
            count = round(steps[k] / usual) - 1
            found.append(these[k] + np.arange(1, count + 1) * usual)
    return np.sort(np.concatenate(found))


def refuse_gaps(times: np.ndarray, years: Iterable[int], split: str, label: str) -> None:
    """
    Arguments:
        times: All times of the archive.
        years: The split's.
        split: Its name.
        label: What to call the archive.

    Raises:
        BenchError: If a time of these years is missing.
    """
    missing = missing_times(times)
    missing = missing[np.isin(year_of(missing), list(years))]
    if len(missing):
        raise BenchError(
            f"'{label}' lacks {len(missing)} times of '{split}' that its time step promises, first "
            f"{say(missing[0])}, last {say(missing[-1])}; complete the file, choose other years, or write "
            "'allow_gaps: true' into the world file: what needs these times is then left out."
        )
