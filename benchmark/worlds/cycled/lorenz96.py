"""Lorenz's model of weather around a circle of latitude.

Lorenz (1996), Predictability: a problem partly solved; dx_i/dt = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F.
"""

__all__ = ["Lorenz96"]

import torch
from torch import Tensor

from benchmark.problem import Channel, Grid

from .runge_kutta import rk4


class Lorenz96:
    """States have one channel on a ring.

    Arguments:
        dt: Time step.
        size: Points of the ring.
        forcing: F.
    """

    def __init__(self, dt: float = 0.05, size: int = 40, forcing: float = 8.0) -> None:
        self.dt, self.size, self.forcing = dt, size, forcing
        self.grid = Grid((0.0,), tuple(360.0 / size * i for i in range(size)))
        self.channels: tuple[Channel, ...] = (Channel("x"),)
        places = torch.arange(size)
        self._around = torch.cat([(places + shift) % size for shift in (1, -2, -1)])

    def start(self) -> Tensor:
        """The first unit vector, shape (channel, latitude, longitude), float64."""
        x = torch.zeros(1, 1, self.size, dtype=torch.float64)
        x[..., 0] = 1.0
        return x

    def step(self, state: Tensor) -> Tensor:
        """One time step, shape (..., channel, latitude, longitude)."""
        return rk4(self._tendency, state, self.dt)

    def _tendency(self, x: Tensor) -> Tensor:
        # one look-up in place of three rolls, which take most of the time
        following, second, before = x.index_select(-1, self._around).split(self.size, dim=-1)
        return (following - second) * before - x + self.forcing
