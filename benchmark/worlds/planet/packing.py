"""Whole numbers for the planet's fields: the archive and the sample in the package hold the very same values."""

__all__ = ["pack", "step_of", "unpack"]

import numpy as np

from benchmark.problem import BenchError, Channel

_STEPS = {
    "z850": 1.0,
    "z500": 2.0,
    "z250": 4.0,
    "t": 2.0**-6,
    "u": 2.0**-7,
    "v": 2.0**-7,
    "q850": 2.0**-20,
    "q500": 2.0**-21,
    "q250": 2.0**-25,
    "sp": 4.0,
}
"""Powers of two, below 1 % of a channel's std: a step times an int16 is exact in single precision."""

LARGEST = 2**15 - 1


def step_of(channel: Channel) -> float:
    """The rounding step of a channel [its SI unit].

    Raises:
        BenchError: If it is none of the planet's.
    """
    for name in (channel.name, channel.variable):
        if name in _STEPS:
            return _STEPS[name]
    raise BenchError(f"There is no rounding step for {channel.name}; only a planet's channels can be packed.")


def pack(fields: np.ndarray, channels: tuple[Channel, ...]) -> np.ndarray:
    """
    Arguments:
        fields: Shape (time, channel, latitude, longitude) [SI].

    Returns:
        Same shape, int16, in steps.

    Raises:
        BenchError: If a value is not finite or has no place in an int16: the planet is not one any more.
    """
    steps = np.array([step_of(c) for c in channels])[:, None, None]
    counts = np.rint(fields.astype(np.float64) / steps)
    bad = ~(np.abs(counts) <= LARGEST)
    if bad.any():
        channel = channels[int(np.argwhere(bad)[0][1])].name
        raise BenchError(
            f"The planet's {channel} has left all bounds: the integration is not stable with these settings. "
            "Take a shorter step_min, more diffusion (a smaller diffusion_h), or the defaults."
        )
    return counts.astype(np.int16)


def unpack(counts: np.ndarray, channels: tuple[Channel, ...]) -> np.ndarray:
    """The inverse of `pack` up to rounding, float32 [SI]."""
    steps = np.array([step_of(c) for c in channels], np.float32)[:, None, None]
    return counts.astype(np.float32) * steps
