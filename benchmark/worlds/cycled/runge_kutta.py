"""The classical Runge-Kutta scheme of fourth order."""

__all__ = ["rk4"]

from collections.abc import Callable

from torch import Tensor


def rk4(tendency: Callable[[Tensor], Tensor], x: Tensor, dt: float) -> Tensor:
    """One step of dx/dt = tendency(x)."""
    k1 = tendency(x)
    k2 = tendency(x + dt / 2 * k1)
    k3 = tendency(x + dt / 2 * k2)
    k4 = tendency(x + dt * k3)
    return x + dt / 6 * (k1 + 2 * (k2 + k3) + k4)
