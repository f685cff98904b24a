"""Reads parts of a data set: few reads, SI units, and one message for whatever a storage library raises."""

__all__ = ["as_slice", "guard", "read_fields"]

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import xarray as xr

from benchmark.problem import BenchError

from .variables import Location

Result = TypeVar("Result")


def read_fields(
    ds: xr.Dataset, places: Sequence[Location], index: Mapping[str, slice | np.ndarray | xr.DataArray]
) -> Iterator[tuple[int, xr.DataArray]]:
    """The fields of some channels, one after the other, grouped by variable.

    A variable is read once, because its levels usually share chunks.

    Arguments:
        ds: A data set that `standardise` returned.
        places: From `locate` or `list_channels`.
        index: Positions along dimensions other than the level.

    Returns:
        Pairs of a position in `places` and its field [SI], with the variable's dimensions but the level.
    """
    for name in dict.fromkeys(place.name for place in places):
        where = [i for i, place in enumerate(places) if place.name == name]
        levels = sorted({level for i in where if (level := places[i].level) is not None})
        variable = ds[name].isel(dict(index))
        block = (variable.isel(level=levels) if levels else variable).compute()
        for i in where:
            level = places[i].level
            yield i, places[i].to_si(block if level is None else block.isel(level=levels.index(level)))


def as_slice(rows: np.ndarray) -> slice | np.ndarray:
    """Ascending, evenly spaced positions as a slice, which files read far faster than a list; others as they are."""
    steps = np.unique(np.diff(rows))
    if len(rows) == 1:
        return slice(int(rows[0]), int(rows[0]) + 1)
    return slice(int(rows[0]), int(rows[-1]) + 1, int(steps[0])) if len(steps) == 1 and steps[0] > 0 else rows


def guard(label: str, work: Callable[[], Result]) -> Result:
    """Runs `work`, which reads the data set `label`.

    Raises:
        BenchError: If the file is damaged or the connection fails.
    """
    try:
        return work()
    except BenchError:
        raise
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise BenchError(
            f"'{label}' breaks off while it is read ({type(error).__name__}: {error}); the file is damaged or the "
            "connection failed: fetch it again."
        ) from error
