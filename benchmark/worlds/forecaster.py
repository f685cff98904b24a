"""The forecast network that makes backgrounds, and its cross-fitted copies for the training years.

A network that has seen the day it forecasts makes errors that are too small, and every prior fitted to them,
Gaussian or generative, becomes overconfident. So each block of training years is forecast by a copy that was
trained on the other blocks; validation and test years get the network that was trained on all of them.
"""

__all__ = ["ForecastNetwork", "ForecastNetworks"]

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from benchmark.files.dates import year_of
from benchmark.problem import Component, hash_arrays
from methods.priors.backbone import SEASONAL, Backbone, seasonal_features

FINAL = "final"


class ForecastNetwork(nn.Module):
    """One step of `lead_h` hours: anomaly persistence plus a network's correction.

    Arguments:
        channels: Channels of the state.
        shape: Latitudes and longitudes.
        history: States it sees.
        periodic: Whether longitudes are periodic.
        backbone: Settings of the `Backbone`.
    """

    def __init__(
        self, channels: int, shape: tuple[int, int], history: int, periodic: bool, backbone: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.body = Backbone(channels * history, channels, shape, periodic=periodic, mod_features=SEASONAL, **backbone)

    def forward(self, anomalies: Tensor, season: Tensor) -> Tensor:
        """
        Arguments:
            anomalies: The latest state first, shape (case, history, channel, latitude, longitude) [normalised
                departures from the climatology].
            season: `seasonal_features` of the valid time, shape (case, 4).

        Returns:
            Anomaly at the valid time, shape (case, channel, latitude, longitude).
        """
        return anomalies[:, 0] + self.body(anomalies.flatten(1, 2), season)


class ForecastNetworks(nn.Module, Component):
    """The final network and one for every block of training years.

    Arguments:
        blocks: The years that each cross-fitted network has *not* seen.
        lead_h: Lead time [h].
        settings: Arguments of `ForecastNetwork`.
    """

    name: ClassVar[str] = "forecaster"

    def __init__(self, blocks: Sequence[Sequence[int]], lead_h: int, **settings: Any) -> None:
        super().__init__()
        self.blocks = tuple(tuple(int(year) for year in block) for block in blocks)
        self.lead_h, self.history = lead_h, int(settings["history"])
        self.settings = {"blocks": [list(block) for block in self.blocks], "lead_h": lead_h, **settings}
        self._arguments = {**settings, "shape": tuple(settings["shape"])}
        names = [FINAL, *map(str, range(len(self.blocks)))]
        self.networks = nn.ModuleDict({name: self.build() for name in names})

    def build(self) -> ForecastNetwork:
        """An untrained network of these settings."""
        return ForecastNetwork(**self._arguments)

    @torch.no_grad()
    def forecast(self, states: Tensor, climatology: Tensor, history_climatology: Tensor, times: np.ndarray) -> Tensor:
        """See `Forecaster.forecast`: every time is forecast by the network that has not seen it."""
        device = next(self.parameters()).device
        anomalies = (states - history_climatology).to(device)
        season = seasonal_features(times).to(device)
        out = torch.empty_like(climatology)
        years = year_of(times)
        unseen = np.full(len(times), FINAL, dtype=object)
        for number, block in enumerate(self.blocks):
            unseen[np.isin(years, block)] = str(number)
        for name in sorted(set(unseen)):
            chosen = torch.from_numpy(np.flatnonzero(unseen == name))
            forecast = self.networks[name](anomalies[chosen.to(device)], season[chosen.to(device)])
            out[chosen] = climatology[chosen] + forecast.to(out)
        return out

    @property
    def hash(self) -> str:
        """sha256 of all weights."""
        tensors = sorted(self.state_dict().items())
        return hash_arrays(v.detach().cpu().numpy() for _, v in tensors)

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        return dict(self.state_dict()), self.settings

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        module = cls(**settings)
        module.load_state_dict(dict(tensors))
        return module.eval().requires_grad_(False)
