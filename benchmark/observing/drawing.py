"""Drawing points of a grid at random, without replacement and in proportion to their area."""

__all__ = ["draw_points"]

import numpy as np

# A share this close to one is taken surely, so that rounding cannot draw a point twice.
_CERTAIN = 1 - 1e-9


def draw_points(count: int, area: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws `count` different points; the probability that a point is among them is proportional to its area.

    Randomised systematic sampling: the points are laid in random order on a line, each as long as its
    inclusion probability `count * area / sum(area)`, and a comb of unit spacing with a random start picks
    them. The probabilities are exact, which those of successive weighted draws are not. A point whose
    probability would exceed one is taken surely and the rest share what is left. Equal areas give simple
    random sampling.

    Reference: Madow, W. G. (1949), On the theory of systematic sampling, II. Ann. Math. Statist. 20, 333-354;
    in random order: Hartley, H. O. and Rao, J. N. K. (1962), Ann. Math. Statist. 33, 350-374.

    Arguments:
        count: How many points, 0 to their number.
        area: Positive area of every point [any unit], shape (point,).
        rng: The only source of randomness.

    Returns:
        Ascending indices, shape (count,).

    Raises:
        ValueError: If there are fewer points than `count`.
    """
    if not 0 <= count <= len(area):
        raise ValueError(f"{count} of {len(area)} points cannot be drawn without replacement")
    sure = np.zeros(len(area), dtype=bool)
    while True:
        rest = np.flatnonzero(~sure)
        left = count - int(sure.sum())
        share = left * area[rest] / area[rest].sum()
        if not (share >= _CERTAIN).any():
            break
        sure[rest[share >= _CERTAIN]] = True
    if left == 0:
        return np.flatnonzero(sure)
    order = rng.permutation(len(rest))
    edges = np.cumsum(share[order])
    edges[-1] = left
    comb = rng.random() + np.arange(left)
    picked = np.minimum(np.searchsorted(edges, comb, side="right"), len(rest) - 1)
    return np.sort(np.concatenate([np.flatnonzero(sure), rest[order[picked]]]))
