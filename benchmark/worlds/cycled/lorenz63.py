"""Lorenz's model of convection: three variables.

Lorenz (1963), Deterministic nonperiodic flow, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2; parameters and time
step as in DAPPER's `mods.Lorenz63`.
"""

__all__ = ["Lorenz63"]

import torch
from torch import Tensor

from benchmark.problem import Channel, Grid

from .runge_kutta import rk4


class Lorenz63:
    """States have three channels at one point.

    Arguments:
        dt: Time step.
        sigma, rho, beta: The model's parameters.
    """

    def __init__(self, dt: float = 0.01, sigma: float = 10.0, rho: float = 28.0, beta: float = 8 / 3) -> None:
        self.dt, self.sigma, self.rho, self.beta = dt, sigma, rho, beta
        self.grid = Grid((0.0,), (0.0,))
        self.channels: tuple[Channel, ...] = (Channel("x"), Channel("y"), Channel("z"))

    def start(self) -> Tensor:
        """A state on the attractor, shape (channel, latitude, longitude), float64."""
        return torch.tensor([1.509, -1.531, 25.46], dtype=torch.float64)[:, None, None]

    def step(self, state: Tensor) -> Tensor:
        """One time step, shape (..., channel, latitude, longitude)."""
        return rk4(self._tendency, state, self.dt)

    def _tendency(self, state: Tensor) -> Tensor:
        x, y, z = state.unbind(-3)
        return torch.stack((self.sigma * (y - x), self.rho * x - y - x * z, x * y - self.beta * z), dim=-3)
