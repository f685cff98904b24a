"""The reward for the forecast: how close to the truth is what the world's own forecaster makes of the analysis."""

__all__ = ["ForecastError"]

import numpy as np
import torch
from torch import Tensor

from benchmark.worlds import Fields, Split

from ..context import Context
from ..denoising import importance_of_errors
from .reward import Reward, relative_error


class ForecastError(Reward):
    """Minus the relative error of the forecast, a background's lead time ahead.

    The forecaster is the cross-fitted one, which has not seen the day it forecasts. Where it needs a history the
    earlier states are the truth, as they are when it makes backgrounds: candidates differ in the last state alone.
    """

    name = "forecast"

    def __init__(self, context: Context, split: Split) -> None:
        super().__init__(context, split)
        self.importance = importance_of_errors(context)
        background = self.world.spec.background
        self.lead = np.timedelta64(background.lead_h, "h")
        self.past = [np.timedelta64(k * background.step_h, "h") for k in range(1, background.history)]

    @classmethod
    def lacks(cls, world: Fields) -> str:
        return "" if world.forecaster else "its background is made by no forecaster of its own"

    def available(self, times: np.ndarray) -> np.ndarray:
        """Where the earlier states and the truth that verifies the forecast are of the fitting years too."""
        steps = self.world.forecast_times(self.split)
        return np.isin(times, steps) & np.isin(times + self.lead, steps)

    def __call__(self, states: Tensor, truth: Tensor, times: np.ndarray) -> Tensor:
        world, forecaster, members = self.world, self.world.forecaster, states.shape[1]
        assert forecaster is not None
        valid, past = times + self.lead, [times - age for age in self.past]
        earlier = [world.truth(t)[:, None].expand_as(states) for t in past]
        history = torch.stack((states, *earlier), dim=2).flatten(0, 1)
        history_climatology = torch.stack([world.climatology(t) for t in (times, *past)], dim=1)
        with torch.no_grad():
            forecast = forecaster.forecast(
                history,
                world.climatology(valid).repeat_interleave(members, 0),
                history_climatology.repeat_interleave(members, 0),
                valid.repeat(members),
            )
        error = forecast.float().unflatten(0, states.shape[:2]) - world.truth(valid)[:, None]
        return -relative_error(error, self.importance)
