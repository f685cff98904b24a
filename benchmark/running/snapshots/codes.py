"""Fields as bytes: 256 equal steps from the lowest value of a channel to the highest."""

__all__ = ["decode", "encode"]

import numpy as np

STEPS = 255


def encode(fields: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Codes of fields, uint8; what lies outside has the code of the end that it is beyond.

    Arguments:
        fields: Shape (channel, latitude, longitude), finite.
        low, high: Values of the codes 0 and 255, shape (channel,).
    """
    span = np.where(high > low, high - low, 1.0)
    share = (fields - low[:, None, None]) / span[:, None, None]
    return np.rint(STEPS * np.clip(share, 0, 1)).astype(np.uint8)


def decode(codes: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The values that codes stand for, off by half a step at most; shapes as in `encode`, float64."""
    return low[:, None, None] + codes / STEPS * (high - low)[:, None, None]
