"""Who leads in a setting."""

__all__ = ["leaders"]

from collections.abc import Mapping

import numpy as np

from benchmark.running.leading import leading

from .estimates import Draws, Estimate, Quantity
from .settings import Setting


def leaders(setting: Setting, draws: Draws, quantity: Quantity, estimates: Mapping[str, Estimate | None]) -> set[str]:
    """Labels of the best method and of those that are not significantly worse; none where nobody is compared, or
    neither more nor less is better.

    Arguments:
        setting: Whose methods they are: references and oracles do not count.
        draws: Of its cases.
        quantity: What is estimated.
        estimates: By label; None where a method has no score.
    """
    if quantity.distance is None:
        return set()
    rivals = {
        label: estimate
        for label, estimate in estimates.items()
        if setting.results[label].kind == "method" and estimate is not None and estimate.defined
    }
    values = {label: float(quantity.distance(np.asarray(e.value))) for label, e in rivals.items()}
    first = leading(values, {k: quantity.distance(e.draws) for k, e in rivals.items()}, draws.blocks, draws.cases)
    return {first.label, *first.ties} if first is not None and first.comparisons else set()
