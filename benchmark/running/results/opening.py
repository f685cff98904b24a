"""A result set from wherever results are: a store, or a folder that was published."""

__all__ = ["open_results"]

from collections.abc import Collection, Iterable
from pathlib import Path

from benchmark.problem import BenchError

from ..store import ResultStore
from .collecting import collect
from .listing import choose_with_background
from .published import is_published, read_published
from .result_set import ResultSet


def open_results(
    where: Path | str,
    conditions: Iterable[str] = (),
    region: str | None = None,
    statistics: Collection[str] | None = None,
) -> ResultSet:
    """
    Arguments:
        where: Folder or URL of a store, or folder of a published result set.
        conditions: As of `choose`; the backgrounds of what is chosen come with it.
        region: Whose statistics; None for `global`, or the region that was published.
        statistics: The only ones that are needed by case, which makes reading a store faster; None for all.

    Raises:
        BenchError: If nothing is there, nothing meets the conditions, or a file cannot be read.
    """
    if not is_published(where):
        if "://" not in str(where) and not Path(where).is_dir():
            raise BenchError(f"There is no folder {where}; bench run and bench sweep write results into --out FOLDER.")
        return collect(ResultStore(where), region or "global", conditions, statistics)
    published = read_published(Path(where))
    if region not in (None, published.region):
        raise BenchError(
            f"{where} holds statistics of the region '{published.region}' alone, and not of '{region}'; "
            "give the folder that the runs wrote into."
        )
    kept = set(choose_with_background(published, conditions))
    if not kept:
        raise BenchError(f"No result in {where} meets these conditions.")
    return published.only(lambda result: result in kept)
