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
from benchmark.problem import BenchError, Component, hash_arrays
from methods.priors.backbone import SEASONAL, Backbone, seasonal_features

FINAL = "final"


class ForecastNetwork(nn.Module):
    """One step: anomaly persistence plus a network's correction.

    Arguments:
        channels: Channels of the state.
        shape: Latitudes and longitudes.
        history: States it sees.
        periodic: Whether longitudes are periodic.
        backbone: Settings of the `Backbone`.
        conserved: Indices of the channels whose global mean a step keeps: the mass of the air, for one.
        row_area: Areas of a cell of each latitude, where something is conserved.
    """

    def __init__(
        self,
        channels: int,
        shape: tuple[int, int],
        history: int,
        periodic: bool,
        backbone: Mapping[str, Any],
        conserved: Sequence[int] = (),
        row_area: Sequence[float] = (),
    ) -> None:
        super().__init__()
        self.conserved = list(conserved)
        self.area: Tensor
        area = torch.tensor(row_area, dtype=torch.float64)[:, None]
        self.register_buffer("area", (area / area.mean()).float() if self.conserved else area, persistent=False)
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
        change = self.body(anomalies.flatten(1, 2), season)
        if self.conserved:
            kept = change[:, self.conserved]
            kept = kept - (self.area * kept).mean((2, 3), keepdim=True)
            # not in place, for the backward pass
            change = change.index_copy(1, torch.tensor(self.conserved, device=change.device), kept)
        return anomalies[:, 0] + change


class ForecastNetworks(nn.Module, Component):
    """The final network and one for every block of training years.

    Arguments:
        blocks: The years that each cross-fitted network has *not* seen.
        lead_h: Lead time of a background [h].
        step_h: Length of a step [h], which divides it; by default all of it.
        settings: Arguments of `ForecastNetwork`.
    """

    name: ClassVar[str] = "forecaster"
    neural = True

    def __init__(
        self, blocks: Sequence[Sequence[int]], lead_h: int, step_h: int | None = None, **settings: Any
    ) -> None:
        super().__init__()
        self.blocks = tuple(tuple(int(year) for year in block) for block in blocks)
        self.lead_h, self.step_h, self.history = lead_h, step_h or lead_h, int(settings["history"])
        self.settings = {"blocks": [list(block) for block in self.blocks], "lead_h": lead_h, **settings}
        if self.step_h != lead_h:
            self.settings["step_h"] = self.step_h
        self._arguments = {**settings, "shape": tuple(settings["shape"])}
        names = [FINAL, *map(str, range(len(self.blocks)))]
        self.networks = nn.ModuleDict({name: self.build() for name in names})

    def build(self) -> ForecastNetwork:
        """An untrained network of these settings."""
        return ForecastNetwork(**self._arguments)

    def forecast(
        self,
        states: Tensor,
        climatology: Tensor,
        history_climatology: Tensor,
        times: np.ndarray,
        lead_h: int | None = None,
    ) -> Tensor:
        """See `Forecaster.forecast`: every time is forecast by the network that has not seen it."""
        device = next(self.parameters()).device
        anomalies = (states - history_climatology).to(device)
        steps = self._steps(lead_h)
        out = []
        order = []
        years = year_of(times)
        unseen = np.full(len(times), FINAL, dtype=object)
        for number, block in enumerate(self.blocks):
            unseen[np.isin(years, block)] = str(number)
        for name in sorted(set(unseen)):
            chosen = np.flatnonzero(unseen == name)
            past = anomalies[torch.from_numpy(chosen).to(device)]
            for remaining in reversed(range(steps)):
                season = seasonal_features(times[chosen] - remaining * np.timedelta64(self.step_h, "h"))
                following = self.networks[name](past, season.to(device))
                past = torch.cat((following[:, None], past[:, :-1]), dim=1)
            out.append(past[:, 0])
            order.append(chosen)
        place = torch.from_numpy(np.argsort(np.concatenate(order)))
        return climatology + torch.cat(out).to(climatology)[place.to(climatology.device)]

    def _steps(self, lead_h: int | None) -> int:
        lead_h = self.lead_h if lead_h is None else lead_h
        if lead_h <= 0 or lead_h % self.step_h:
            raise BenchError(
                f"The forecaster's step is {self.step_h} h; a lead time of {lead_h} h is no multiple of it."
            )
        return lead_h // self.step_h

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
