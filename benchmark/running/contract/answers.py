"""Clauses on the analysis itself, where right and wrong need no other method."""

__all__ = ["ALL_OBSERVED", "BEST_ITERATE", "CLOSER", "NOTHING_OBSERVED"]

import math

import torch
from torch import Tensor

from benchmark.problem import Analysis, Problem

from .alterations import more_accurate, unobserved
from .clause import Broken, Clause, DoesNotApply
from .comparing import misfit, require_finite
from .trial import Trial

HOSTILE = 100.0
"""How much more accurate the observations are said to be in the hostile problem."""

ROUNDING = 1e-5
"""Relative rise of J that single precision may make."""

BACK = 1e-3
"""How far a point method's analysis without observations may be from the background [climatological std]."""

ERRORS = 5.0
"""Standard errors that a mean of members may be off: of some thousands of values none is further by chance."""

SPREAD = 2.0
"""Factor by which the spread may differ from the background ensemble's where nothing is observed."""


def _closer(trial: Trial) -> str:
    if not trial.method.assimilates:
        raise DoesNotApply("it ignores the observations and says so")
    obs = trial.problem.observations
    before, after = misfit(obs, trial.problem.background), misfit(obs, trial.ordinary.mean)
    if not after.mean() < before.mean():
        case = int((after - before).argmax())
        raise Broken(
            f"expected a mean misfit 1/2 |R^-1/2 (y - H x)|^2 below the background's {before.mean():.4g}, came "
            f"{after.mean():.4g}; the worst is {trial.at(case)}: {after[case]:.4g}, with the background "
            f"{before[case]:.4g}"
        )
    return f"mean misfit {after.mean():.3g}, with the background {before.mean():.3g}"


def _best_iterate(trial: Trial) -> str:
    if not trial.method.point:
        raise DoesNotApply("its members are draws, no minimum")
    if not trial.method.assimilates:
        raise DoesNotApply("it ignores the observations and says so")
    if trial.method.prior != "background":
        raise DoesNotApply(f"its prior is the {trial.method.prior}, and J is of the background")
    hostile = more_accurate(trial.problem, HOSTILE)
    for what, problem, analysis in (
        ("ordinary cases", trial.problem, trial.ordinary),
        (f"observation errors {HOSTILE:g} times smaller", hostile, trial.analyse(hostile)),
    ):
        before, after = misfit(problem.observations, problem.background), _cost(trial, problem, analysis.mean)
        worse = ~(after <= before * (1 + ROUNDING))
        if worse.any():
            case = int(worse.int().argmax())
            raise Broken(
                f"{what}: expected J(xa) <= J(xb) = {before[case]:.6g}, came J(xa) = {after[case]:.6g} in "
                f"{trial.at(case)}; return the best iterate, not the last"
            )
    return ""


def _cost(trial: Trial, problem: Problem, x: Tensor) -> Tensor:
    """J(x) = 1/2 |x - xb|^2_{B^-1} + 1/2 |R^-1/2 (y - H x)|^2 with the world's B, shape (case,), float64."""
    B = trial.world.covariance
    scale = B.scale.flatten()
    scaled = (x.double() - problem.background.double()).flatten(1) / scale
    return (scaled * B.map_modes(torch.reciprocal, scaled)).sum(1) / 2 + misfit(problem.observations, x)


def _nothing_observed(trial: Trial) -> str:
    problem = unobserved(trial.problem)
    analysis, prior = trial.analyse(problem), trial.method.prior
    require_finite(trial, analysis.members, "no observation at all")
    if not trial.method.assimilates:
        return "finite; it ignores the observations and says so"
    if trial.method.point:
        moved = (analysis.mean - getattr(problem, prior)).abs().flatten(1).amax(1)
        if moved.max() > BACK:
            case = int(moved.argmax())
            raise Broken(
                f"no observation at all: expected the {prior} to {BACK:g} climatological stds, came a difference "
                f"of {moved[case]:.4g} in {trial.at(case)}"
            )
        return f"largest difference from the {prior} {moved.max():.1g}"
    return _prior_ensemble(trial, problem, analysis) if trial.filters else _prior_samples(trial, problem, analysis)


def _prior_samples(trial: Trial, problem: Problem, analysis: Analysis) -> str:
    """Members of N(xb, B), or of the climate, which has unit variance."""
    prior = trial.method.prior
    centre = getattr(problem, prior)
    std = trial.world.covariance.diagonal().view(centre.shape[1:]).sqrt()
    error = (std if prior == "background" else torch.ones_like(std)) / math.sqrt(analysis.members.shape[1])
    return _require_mean(trial, analysis.mean, {f"the {prior}": centre}, error)


def _prior_ensemble(trial: Trial, problem: Problem, analysis: Analysis) -> str:
    """The background ensemble, which a method may centre on its own mean or on the background."""
    states = problem.ensemble
    assert states is not None
    error = states.std(1) / math.sqrt(states.shape[1])
    centres = {"the background": problem.background, "the ensemble's mean": states.mean(1)}
    remark = _require_mean(trial, analysis.mean, centres, error)
    before, after = (members.var(1).flatten(1).mean(1).sqrt() for members in (states, analysis.members))
    ratio = after / before
    wrong = ~((ratio >= 1 / SPREAD) & (ratio <= SPREAD))
    if wrong.any():
        case = int(wrong.int().argmax())
        raise Broken(
            f"no observation at all: expected the background ensemble's spread {before[case]:.4g} within a factor "
            f"{SPREAD:g}, came {after[case]:.4g} in {trial.at(case)}"
        )
    return f"{remark}; spread {float(ratio.mean()):.3g} of the background's"


def _require_mean(trial: Trial, mean: Tensor, centres: dict[str, Tensor], error: Tensor) -> str:
    """Raises `Broken` if the mean of a case's members is far from all centres, in standard errors."""
    distance = {name: ((mean - centre).abs() / error).flatten(1).amax(1) for name, centre in centres.items()}
    nearest = torch.stack(list(distance.values())).amin(0)
    if nearest.max() > ERRORS:
        case = int(nearest.argmax())
        raise Broken(
            f"no observation at all: expected a mean within {ERRORS:g} standard errors of {' or '.join(centres)}, "
            f"came {nearest[case]:.3g} in {trial.at(case)}"
        )
    return f"mean within {nearest.max():.2g} standard errors"


def _all_observed(trial: Trial) -> str:
    problem = trial.fully_observed
    analysis = trial.analyse(problem)
    require_finite(trial, analysis.members, "every state value observed")
    if not trial.method.assimilates:
        return "finite; it ignores the observations and says so"
    truth = trial.truth()
    before, after = ((x - truth).square().mean().sqrt() for x in (problem.background, analysis.mean))
    if not after <= before:
        case = int((analysis.mean - truth).square().flatten(1).mean(1).argmax())
        raise Broken(
            f"every state value observed: expected an RMSE not above the background's {before:.4g}, came {after:.4g}; "
            f"the worst is {trial.at(case)}"
        )
    return f"RMSE {after:.3g}, of the background {before:.3g}"


CLOSER = Clause("closer", "it gets closer to the observations than the background", _closer)
BEST_ITERATE = Clause("best-iterate", "J of the analysis is never above J of the background", _best_iterate)
NOTHING_OBSERVED = Clause("nothing-observed", "without observations the prior comes back", _nothing_observed)
ALL_OBSERVED = Clause("all-observed", "with everything observed it is no further from the truth", _all_observed)
