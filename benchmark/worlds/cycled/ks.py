"""The Kuramoto-Sivashinsky equation, u_t = -u u_x - u_xx - u_xxxx, on a periodic line.

Exponential time differencing of fourth order (Cox & Matthews, 2002; Kassam & Trefethen, 2005,
doi:10.1137/S1064827502410633), with the resolution and the initial state of DAPPER's `mods.KS`.
"""

__all__ = ["KuramotoSivashinsky"]

import math

import torch
from torch import Tensor

from benchmark.problem import Channel, Grid

ROOTS = 16


class KuramotoSivashinsky:
    """States have one channel on a ring.

    Arguments:
        dt: Time step.
        size: Points of the ring.
        length: Of the line [2 pi].
    """

    def __init__(self, dt: float = 0.5, size: int = 128, length: float = 32.0) -> None:
        self.dt, self.size, self.length = dt, size, length
        self.grid = Grid((0.0,), tuple(360.0 / size * i for i in range(size)))
        self.channels: tuple[Channel, ...] = (Channel("u"),)
        waves = torch.arange(size // 2 + 1, dtype=torch.float64) * 2 / length
        waves[-1] = 0.0  # the shortest wave has no derivative on the grid
        self._slope = -0.5j * waves
        linear = waves**2 - waves**4
        self._whole, self._half = torch.exp(dt * linear), torch.exp(dt / 2 * linear)
        # the coefficients as means over a circle around the eigenvalue: their formulas cancel near zero
        circle = torch.exp(1j * math.pi * (0.5 + torch.arange(ROOTS, dtype=torch.float64)) / ROOTS)
        c = dt * linear[:, None] + circle
        self._first = dt * ((torch.exp(c / 2) - 1) / c).mean(1).real
        e = torch.exp(c)
        self._f1, self._f2, self._f3 = (
            dt * (part / c**3).mean(1).real
            for part in (-4 - c + e * (4 - 3 * c + c**2), 2 + c + e * (c - 2), -4 - 3 * c - c**2 + e * (4 - c))
        )

    def start(self) -> Tensor:
        """A state on the attractor, 150 time units after Kassam and Trefethen's, shape (channel, latitude,
        longitude), float64."""
        x = self.length * math.pi * torch.arange(1, self.size + 1, dtype=torch.float64) / self.size
        u = (torch.cos(x / 16) * (1 + torch.sin(x / 16)))[None, None]
        for _ in range(int(150 / self.dt)):
            u = self.step(u)
        return u

    def step(self, state: Tensor) -> Tensor:
        """One time step, shape (..., channel, latitude, longitude), worked in double precision."""
        v = torch.fft.rfft(state.double())
        n1 = self._nonlinear(v)
        a = self._half * v + self._first * n1
        n2 = self._nonlinear(a)
        b = self._half * v + self._first * n2
        n3 = self._nonlinear(b)
        c = self._half * a + self._first * (2 * n3 - n1)
        n4 = self._nonlinear(c)
        v = self._whole * v + n1 * self._f1 + 2 * (n2 + n3) * self._f2 + n4 * self._f3
        return torch.fft.irfft(v, n=self.size).to(state)

    def _nonlinear(self, v: Tensor) -> Tensor:
        return self._slope * torch.fft.rfft(torch.fft.irfft(v, n=self.size).square())
