"""The planet's own model as a forecaster: started from the channels, which are only part of its state."""

__all__ = ["PlanetColumns", "PlanetForecaster", "fit_columns"]

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import BenchError, Component, Normalisation

from .making import INSTALL
from .settings import PlanetSettings

STEP_H = 6
BATCH = 16
SPIN_UP_DAYS, FIT_DAYS, EVERY_DAYS = 200, 365, 2
RIDGE = 1e-4


class PlanetColumns(Component):
    """Regression of the model's layers on the channels of the same column, for every latitude.

    Arguments:
        coefficients: Shape (latitude, 1 + channel, variable * layer), for T [K], u, v [m s-1] and q [kg kg-1] of all
            layers, from 1 and the normalised channels.
        spread: Root mean square of what the regression leaves over the std, shape (variable * layer,).
    """

    name: ClassVar[str] = "planet-columns"

    def __init__(self, coefficients: Tensor, spread: Tensor) -> None:
        self.coefficients, self.spread = coefficients, spread

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        # single precision under another shape: in half precision a layer's mean would lose its last digits
        return {"coefficients": self.coefficients.flatten(), "spread": self.spread}, {
            "shape": list(self.coefficients.shape)
        }

    @classmethod
    def from_state(cls, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]) -> Self:
        return cls(tensors["coefficients"].float().view(*settings["shape"]), tensors["spread"].float())

    def to(self, device: torch.device | str) -> Self:
        return type(self)(self.coefficients.to(device), self.spread.to(device))


def _model(settings: PlanetSettings) -> Any:
    try:
        from .model import Planet
    except ImportError as error:
        raise BenchError(
            f"The planet's model needs the dinosaur dynamical core, which is not installed ({error}); "
            f"install it with: {INSTALL}"
        ) from error
    return Planet(settings)


def fit_columns(settings: PlanetSettings, normalisation: Normalisation) -> PlanetColumns:
    """Runs the planet for a year of its own, from another seed than the archive's, and regresses.

    Arguments:
        settings: The planet's.
        normalisation: Of the channels.

    Raises:
        BenchError: If dinosaur is not installed.
    """
    model = _model(settings.model_copy(update={"seed": settings.seed + 1}))
    import jax

    run = jax.jit(lambda state, step, count: jax.lax.fori_loop(0, count, lambda _, c: model.advance(*c), (state, step)))
    view = jax.jit(lambda state: (model.fields(state), model.layers_of(state)))
    state, step = run(model.initial(), jax.numpy.int32(0), 4 * SPIN_UP_DAYS)
    inputs, outputs = [], []
    for _ in range(FIT_DAYS // EVERY_DAYS):
        state, step = run(state, step, 4 * EVERY_DAYS)
        fields, layers = (np.asarray(part) for part in view(state))
        inputs.append(normalisation.normalise(fields[None])[0])
        outputs.append(layers)
    # (latitude, sample, channel or layer)
    x = np.stack(inputs).transpose(2, 0, 3, 1).reshape(len(model.latitude), -1, inputs[0].shape[0]).astype(np.float64)
    y = np.stack(outputs).transpose(2, 0, 3, 1).reshape(len(model.latitude), -1, outputs[0].shape[0]).astype(np.float64)
    x = np.concatenate([np.ones((*x.shape[:2], 1)), x], axis=-1)
    gram = x.swapaxes(1, 2) @ x / x.shape[1] + RIDGE * np.eye(x.shape[-1])
    coefficients = np.linalg.solve(gram, x.swapaxes(1, 2) @ y / x.shape[1])
    left = np.sqrt(((y - x @ coefficients) ** 2).mean((0, 1)) / y.var(1).mean(0))
    return PlanetColumns(torch.from_numpy(coefficients).float(), torch.from_numpy(left).float())


class PlanetForecaster:
    """See `Forecaster`; it is batched, but not differentiable in torch.

    Arguments:
        settings: The planet's.
        columns: From `fit_columns`.
        normalisation: Of the channels.
        lead_h: Lead time of a background [h].

    Raises:
        BenchError: If dinosaur is not installed.
    """

    step_h = STEP_H
    history = 1

    def __init__(
        self, settings: PlanetSettings, columns: PlanetColumns, normalisation: Normalisation, lead_h: int
    ) -> None:
        import jax

        self.settings, self.columns, self.normalisation, self.lead_h = settings, columns, normalisation, lead_h
        self.model = _model(settings)
        self.hash = settings.hash

        def one(layers: Any, surface: Any, step: Any, count: Any) -> Any:
            state = self.model.state_of(layers, surface)
            state, _ = jax.lax.fori_loop(0, count, lambda _, c: self.model.advance(*c), (state, step))
            return self.model.fields(state)

        self._run = jax.jit(jax.vmap(one, in_axes=(0, 0, 0, None)))

    def forecast(
        self,
        states: Tensor,
        climatology: Tensor,
        history_climatology: Tensor,
        times: np.ndarray,
        lead_h: int | None = None,
    ) -> Tensor:
        lead_h = self.lead_h if lead_h is None else lead_h
        if lead_h <= 0 or lead_h % STEP_H:
            raise BenchError(f"The planet's step is {STEP_H} h; a lead time of {lead_h} h is no multiple of it.")
        starts = times - np.timedelta64(lead_h, "h")
        origin = np.datetime64(self.settings.start, "h").astype(np.int64)
        since = (starts.astype("datetime64[h]").astype(np.int64) - origin) // STEP_H
        day = self.settings.start.timetuple().tm_yday - 1
        steps = ((since + 4 * day) * self.model.steps).astype(np.int32)
        x = states[:, 0].detach().cpu().double()
        columns = torch.cat((torch.ones_like(x[:, :1]), x), dim=1)
        layers = torch.einsum("bcij,ico->boij", columns, self.columns.coefficients.double()).numpy()
        surface = self.normalisation.denormalise(x.numpy())[:, -1]
        parts = []
        for begin in range(0, len(times), BATCH):
            chosen = slice(begin, begin + BATCH)
            # a batch of another size would be compiled anew
            index = np.resize(np.arange(len(times))[chosen], BATCH)
            found = self._run(
                layers[index].astype(np.float32), surface[index].astype(np.float32), steps[index], lead_h // STEP_H
            )
            parts.append(np.asarray(found)[: len(times[chosen])])
        return torch.from_numpy(self.normalisation.normalise(np.concatenate(parts))).to(climatology)
