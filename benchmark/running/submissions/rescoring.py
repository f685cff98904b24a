"""The statistics of the packed cases, made anew from the packed analyses and the world's truth."""

__all__ = ["FLOAT32", "check_scores", "packed_analyses"]

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from benchmark.problem import Status
from metrics import Scorer, region_weights

from ..results.result_set import STATISTICS, Result
from ..workshop import Site
from .analyses import read_analyses
from .checks import RefusedError, refuse_all
from .contents import LEAST_CASES, Submission
from .drawing import drawn_cases
from .members import analyses_name
from .worlds import Worlds

FLOAT32 = 1e-4
"""By how much of its value a statistic may differ from the rows: backgrounds that networks make differ by rounding
between machines. One that may be close to zero is held to the same part of the error it belongs to."""

SCALES = {"bias": "rmse_case", "mse_debiased": "mse_member", "variance": "mse_member", "crps_spread": "crps_skill"}
NEAR_ONE = ("acc", "geostrophic_correlation")


def packed_times(submission: Submission, result: Result) -> np.ndarray:
    """The cases of an experiment whose analyses the rule wants packed."""
    return drawn_cases(result.times, result.id, submission.commitment, submission.packed_cases)


def packed_analyses(submission: Submission, result: Result, site: Site, times: np.ndarray) -> Tensor:
    """Of an experiment's drawn cases, shape (case, member, channel, latitude, longitude) [normalised].

    Raises:
        RefusedError: If they are not there, or not of this shape.
    """
    name, world = analyses_name(result.id), site.context.world
    if name not in submission.members:
        raise RefusedError(f"{name} is missing")
    shape = (len(times), int(result.provenance["members"]), len(world.channels), *world.grid.shape)
    lost = result.status[np.isin(result.times, times)] == str(Status.DIVERGED)
    return read_analyses(submission.members[name], shape, lost, name)


def check_scores(submission: Submission, worlds: Worlds) -> str:
    """
    Returns:
        In words, what was made anew.

    Raises:
        RefusedError: If the analyses are not those of the drawn cases, or give other numbers than the rows.
        UndoneError: If a world is not here.
    """
    known = {analyses_name(result.id) for result in submission.results}
    if strangers := {name for name in submission.members if name.startswith("analyses/")} - known:
        raise RefusedError(f"{min(strangers)} is of no submitted experiment")
    reasons: list[str] = []
    cases = 0
    for result in submission.results:
        if submission.packed_cases < min(LEAST_CASES, len(result.times)):
            raise RefusedError(
                f"the analyses of {submission.packed_cases} cases are packed; pack {LEAST_CASES} at least"
            )
        site = worlds.site(result.world)
        times = packed_times(submission, result)
        members = packed_analyses(submission, result, site, times)
        reasons += [
            f"{result.label} ({result.id}): {why}"
            for why in different_scores(result, submission.results.region, site, times, members)
        ]
        cases += len(times)
    refuse_all(reasons)
    return (
        f"{cases} of {sum(len(result.times) for result in submission.results)} cases, within {FLOAT32:g}; the others' "
        "analyses are not packed"
    )


def different_scores(result: Result, region: str, site: Site, times: np.ndarray, members: Tensor) -> Iterator[str]:
    """Where rows are not what the analyses of some cases give.

    Arguments:
        result: The rows.
        region: Whose statistics they are.
        site: Of their world.
        times: The cases.
        members: Their analyses [normalised].
    """
    world = site.context.world
    scorer = Scorer(world.grid, world.channels, {region: region_weights(world.grid, region)}, STATISTICS)
    keys = scorer.keys(members.shape[1])
    if told := _other_names(result, {(key.statistic, key.channel) for key in keys}):
        yield told
        return
    fields = [
        world.normalisation.denormalise(part.double().numpy())
        for part in (members, *(getattr(world, w)(times.astype("datetime64[ns]")) for w in FIELDS))
    ]
    computed = scorer.compute(*fields)
    lost = result.status[np.isin(result.times, times)] == str(Status.DIVERGED)
    computed[lost] = np.nan
    found = {(key.statistic, key.channel): computed[:, i] for i, key in enumerate(keys)}
    place = np.isin(result.times, times)
    for (statistic, channel), values in found.items():
        rows = result.values[statistic][channel][place]
        if statistic in NEAR_ONE:
            scale = np.ones_like(values)
        else:
            scale = np.abs(found.get((SCALES.get(statistic, statistic), channel), values))
        # NaN where both are: a case that diverged, or an anomaly that is none
        wrong = ~((np.abs(rows - values) <= FLOAT32 * scale) | (np.isnan(rows) & np.isnan(values)))
        if wrong.any():
            i = int(np.argmax(wrong))
            yield f"{statistic} of {channel} at {times[i]} is {values[i]:.6g}, and its row says {rows[i]:.6g}"


FIELDS = ("truth", "climatology", "background")


def _other_names(result: Result, expected: set[tuple[str, str]]) -> str:
    there = {(statistic, channel) for statistic, found in result.values.items() for channel in found}
    if apart := sorted(there ^ expected):
        return f"its rows and its world do not agree whether there is a {apart[0][0]} of {apart[0][1]}"
    return ""
