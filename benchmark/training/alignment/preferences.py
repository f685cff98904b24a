"""From rewards to preferences: which of two analyses of a case is the better one."""

__all__ = ["Pairs", "prefer"]

import dataclasses
from collections.abc import Sequence

from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Pairs:
    """
    Arguments:
        case: Index of the case, shape (pair,).
        winner, loser: Indices of the members, shape (pair,).
    """

    case: Tensor
    winner: Tensor
    loser: Tensor

    def __len__(self) -> int:
        return len(self.case)


def prefer(rewards: Tensor, weights: Sequence[float], pairs: int, margin: float) -> Pairs:
    """Pairs a case's best candidate with its worst, the second best with the second worst, and so on.

    A reward is standardised: minus the mean of the case's candidates, over the root mean square of that difference in
    all cases. So a case whose candidates are all alike gives no pair.

    Arguments:
        rewards: Larger for a better candidate, shape (case, member, reward); a case with one that is not finite is
            left out.
        weights: One a reward.
        pairs: Most pairs a case.
        margin: By how much the weighted means of standardised rewards must differ.
    """
    cases = rewards.isfinite().flatten(1).all(1).nonzero()[:, 0]
    differences = rewards[cases].double()
    differences = differences - differences.mean(1, keepdim=True)
    std = differences.square().mean((0, 1)).sqrt()
    # one that tells no candidates apart says nothing
    standardised = (differences / std).where(std > 0, 0.0)
    share = rewards.new_tensor(weights).double()
    total = standardised @ (share / share.sum())
    order = total.argsort(dim=1, descending=True, stable=True)
    count = min(pairs, rewards.shape[1] // 2)
    better, worse = order[:, :count], order.flip(1)[:, :count]
    kept = total.gather(1, better) - total.gather(1, worse) > margin
    return Pairs(cases[:, None].expand_as(better)[kept], better[kept], worse[kept])
