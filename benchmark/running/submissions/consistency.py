"""What holds among the statistics of a case whatever a method does: numbers that were made up seldom keep it."""

__all__ = ["check_consistency", "inconsistencies"]

from collections.abc import Iterator

import numpy as np

from benchmark.problem import Status, parse_channel

from ..results.result_set import Result
from .checks import refuse_all
from .contents import Submission

ROUNDING = 2e-6
"""Relative; rows are told in nine digits."""


def check_consistency(submission: Submission) -> str:
    """
    Returns:
        In words, what was looked at.

    Raises:
        RefusedError: If statistics contradict each other, or are too good.
    """
    reasons = []
    for result in submission.results:
        reasons += [f"{result.label} ({result.id}): {why}" for why in inconsistencies(result)]
    refuse_all(reasons)
    return f"{sum(len(result.times) for result in submission.results)} cases, all channels"


def inconsistencies(result: Result) -> Iterator[str]:
    """What contradicts each other in a result, channel by channel."""
    kept = result.status != str(Status.DIVERGED)
    if not kept.any():
        yield "every case diverged, so that it has no scores"
        return
    values = {name: {c: v[kept] for c, v in channels.items()} for name, channels in result.values.items()}
    lost = [v[~kept] for channels in result.values.values() for v in channels.values()]
    if any(np.isfinite(part).any() for part in lost):
        yield "it has scores of a case that diverged"
    for channel in result.channels:
        case = {name: channels[channel] for name, channels in values.items() if channel in channels}
        yield from (f"{why} in {channel}" for why in _of_channel(case, result.members))
    yield from _of_winds(values)
    yield from _of_bins(result)


def _of_channel(s: dict[str, np.ndarray], members: int) -> Iterator[str]:
    """
    Arguments:
        s: Statistic -> values, shape (case,).
        members: How many.
    """
    mse, mae, bias = s["mse"], s["mae"], s["bias"]
    if (mse <= 0).any():
        yield "an error of exactly zero"
    if _exceeds(bias**2, mse) or _exceeds(np.abs(bias), mae) or _exceeds(mae**2, mse):
        yield "mse, mae and bias contradict each other"
    if "rmse_case" in s and _differs(s["rmse_case"] ** 2, mse, mse):
        yield "rmse_case is not the root of mse"
    for name in ("acc", "geostrophic_correlation"):
        if name in s and (np.abs(s[name]) > 1 + ROUNDING).any():
            yield f"{name} is beyond 1"
    if not {"mse_member", "variance", "mse_debiased", "crps_skill", "crps_spread"} <= set(s):
        yield "a statistic of members is missing"
        return
    whole, variance, skill, spread = s["mse_member"], s["variance"], s["crps_skill"], s["crps_spread"]
    if _differs(whole, mse + variance * (members - 1) / members, whole):
        yield "mse_member is not mse and the members' variance"
    if _differs(s["mse_debiased"], mse - variance / members, whole):
        yield "mse_debiased is not mse less the variance of the mean"
    if _exceeds(mae, skill) or _exceeds(skill**2, whole) or _exceeds(spread, 2 * skill):
        yield "crps_skill, crps_spread, mae and mse_member contradict each other"
    if _exceeds(spread**2, 2 * variance * (1 + ROUNDING)):
        yield "crps_spread and variance contradict each other"
    if members == 1 and (_differs(skill, mae, mae) or _differs(s.get("energy_score", mse**0.5) ** 2, mse, mse)):
        yield "crps_skill or energy_score of a single analysis contradict its mae or mse"


def _of_winds(values: dict[str, dict[str, np.ndarray]]) -> Iterator[str]:
    mse = {parse_channel(c).name: v for c, v in values["mse"].items()}
    for name, wind in values.get("wind_mse", {}).items():
        parts = [mse.get(name.replace("wind", component, 1)) for component in ("u", "v")]
        if parts[0] is not None and parts[1] is not None and _differs(wind, parts[0] + parts[1], wind):
            yield f"wind_mse of {name} is not the sum of its components'"


def _of_bins(result: Result) -> Iterator[str]:
    for name, channels in result.bins.items():
        for channel, shares in channels.items():
            if not np.isfinite(shares).all() or (shares < 0).any():
                yield f"{name} of {channel} is negative or not finite"
            elif name == "rank_histogram" and (
                len(shares) != result.members + 1 or abs(float(shares.sum()) - 1) > len(shares) * ROUNDING
            ):
                yield f"{name} of {channel} has another number of ranks, or shares that do not add up"


def _exceeds(low: np.ndarray, high: np.ndarray) -> bool:
    return bool((low > high * (1 + ROUNDING) + 1e-300).any())


def _differs(one: np.ndarray, other: np.ndarray, scale: np.ndarray) -> bool:
    return bool((np.abs(one - other) > ROUNDING * np.abs(scale) + 1e-300).any())
