"""The brightness temperature of a column, as a passive sounder in a water vapour band sees it from above.

Without scattering and where radiance is proportional to temperature (microwaves), a column of layers l = 1 (top),
..., L radiates a weighted mean of its temperatures (Rodgers, 2000, Inverse Methods for Atmospheric Sounding,
chapter 1):

    T_b = sum_l w_l T_l,   w_l = tau_{l-1} - tau_l,   and what is left, tau_L, goes to the lowest layer's T_L
    tau_l = exp(-sum_{m <= l} (k q_m + k_0) dp_m / g),   tau_0 = 1

with the transmittance tau_l from space to the lower side of a layer, specific humidity q and the layer's thickness
dp. The weights sum to one. Moist air hides what is below it, so T_b falls where humidity rises: it is nonlinear in q,
and linear in T for a given q. k and k_0 are of no real instrument; they put the peak of the weights into the middle
troposphere.
"""

__all__ = ["BrightnessTemperature"]

import dataclasses

import numpy as np
import torch
from torch import Tensor

VAPOUR_ABSORPTION = 0.2
"""k: mass absorption coefficient of water vapour [m2 kg-1]."""

AIR_ABSORPTION = 3e-5
"""k_0: that of all else in the air [m2 kg-1]; a thousand hPa of dry air have an optical depth of 0.3."""

GRAVITY = 9.80665


@dataclasses.dataclass(frozen=True)
class BrightnessTemperature:
    """(..., 2 L) -> (...): first the temperatures [K], then the specific humidities [kg kg-1], both from the top down.

    Arguments:
        thickness: dp of every layer [Pa].
    """

    thickness: tuple[float, ...]

    @classmethod
    def on(cls, levels: tuple[int, ...]) -> "BrightnessTemperature":
        """Layers that end half-way between the levels; the outer ones reach as far outside as inside, but not above
        the top of the atmosphere.

        Arguments:
            levels: Pressures of at least two levels, ascending [hPa].
        """
        p = 100.0 * np.asarray(levels, dtype=np.float64)
        inner = (p[:-1] + p[1:]) / 2
        bounds = np.concatenate([[max(0.0, 2 * p[0] - inner[0])], inner, [2 * p[-1] - inner[-1]]])
        return cls(tuple(np.diff(bounds).tolist()))

    def __call__(self, column: Tensor) -> Tensor:
        temperature, humidity = column.chunk(2, dim=-1)
        return (self.weights(humidity) * temperature).sum(-1)

    def weights(self, humidity: Tensor) -> Tensor:
        """w, the rest included: humidities (..., L) [kg kg-1] -> (..., L), of sum one."""
        mass = humidity.new_tensor(self.thickness) / GRAVITY
        depth = ((VAPOUR_ABSORPTION * humidity + AIR_ABSORPTION) * mass).cumsum(-1)
        below = torch.exp(-depth)
        # nothing lies under the lowest layer: there the transmittance ends at zero
        below = torch.cat((below[..., :-1], torch.zeros_like(below[..., :1])), dim=-1)
        above = torch.cat((torch.ones_like(below[..., :1]), below[..., :-1]), dim=-1)
        return above - below
