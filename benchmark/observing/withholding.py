"""Withheld observations: values that are observed, kept from methods, and used to judge them."""

__all__ = ["draw_withheld"]

import numpy as np


def draw_withheld(count: int, place: np.ndarray | None, share: float, rng: np.random.Generator) -> np.ndarray:
    """Which values of a case are kept from methods.

    `floor(share * units + u)` units are drawn without replacement, each as likely as any other, with u uniform in
    [0, 1): the expected share is met exactly, however few units there are. A unit is a value, or all values at one
    place: what stands beside a withheld value in the same sounding says too much of it, so what is correlated is left
    out as a block (Roberts et al., 2017, doi:10.1111/ecog.02881).

    Arguments:
        count: How many values there are, n.
        place: Coordinates of each, shape (n, 2), where values of the same place go together; None for single values.
        share: 0 to 1.
        rng: The only source of randomness.

    Returns:
        Shape (n,), bool.
    """
    unit = np.arange(count)
    if place is not None:
        unit = np.unique(place, axis=0, return_inverse=True)[1].reshape(-1)
    units = int(unit.max()) + 1
    # rounded, so that 0.1 * 30 is three and no more
    wanted = int(np.floor(np.round(share * units, 9) + rng.random()))
    chosen = np.zeros(units, dtype=bool)
    chosen[rng.permutation(units)[:wanted]] = True
    return chosen[unit]
