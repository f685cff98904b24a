"""The observing system: network, operator and error; from the truth to what a method sees of it."""

__all__ = ["ObservingSystem"]

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import (
    BenchError,
    Channel,
    Grid,
    LinearOperator,
    Need,
    Normalisation,
    Observations,
    Operator,
    hash_arrays,
    hash_json,
    parse_channel,
    seed_from,
    select_channels,
)

from .networks import make_network
from .obs_std import R_FLOOR_STD, normalised_std
from .quantities import OPERATORS, make_quantity
from .sites import Sites
from .spec import ObservingSpec


class ObservingSystem:
    """Makes the observations of a world.

    Arguments:
        spec: Network, operator, observed variables and error.
        grid: The horizontal grid.
        channels: The state's channels.
        normalisation: Of the same channels; turns error stds in physical units into normalised ones.
        world: Name of the world, a part of every seed.

    Attributes:
        observed: Indices of the observed channels; of a quantity that is made of several, the leading ones.
        quantity: What is observed, None for the channels themselves.
        noise_std: Std of the errors added to the values, shape (channel,) [normalised]; NaN if not observed.
        error_std: What methods are told, at least `R_FLOOR_STD`; shape and unit the same.

    Raises:
        BenchError: If a name means no channel, the operator needs other channels, an observed channel has no
            error std, the stations file cannot be used, or nothing would be observed.
    """

    def __init__(
        self, spec: ObservingSpec, grid: Grid, channels: Sequence[Channel], normalisation: Normalisation, world: str
    ) -> None:
        self.spec, self.grid, self.channels, self.world = spec, grid, tuple(channels), world
        chosen = select_channels(spec.obs_vars, channels) if spec.obs_vars else tuple(range(len(channels)))
        self.quantity = make_quantity(spec.operator, self.channels, chosen, normalisation)
        self.observed = self.quantity.leading if self.quantity else chosen
        units = self.quantity.units if self.quantity else normalisation
        self.noise_std = normalised_std(spec.obs_std, channels, self.observed, units)
        self.error_std = np.maximum(self.noise_std, R_FLOOR_STD)
        self.network = make_network(spec, grid, self.observed)
        self._identity = hash_json(spec.identity())

    @property
    def offers(self) -> frozenset[Need]:
        """What its observations have of what a method may need."""
        return frozenset() if self.quantity else frozenset({Need.LINEAR_OPERATOR})

    def observe(self, truth: Tensor, times: np.ndarray) -> Observations:
        """Observes the truth: values = H(truth) + error_std * noise.

        The positions and the errors of a case come from streams of their own, seeded by the world, the
        observing system, the case's time and the seed: they do not depend on the batch.

        Arguments:
            truth: Shape (case, channel, latitude, longitude) [normalised].
            times: Valid times, shape (case,), datetime64[ns].

        Returns:
            Observations, float32, on the truth's device; cases shorter than the longest are padded.

        Raises:
            BenchError: If an observed value of the truth is not finite.
            ValueError: If the shapes do not fit the observing system.
        """
        shape = (len(self.channels), *self.grid.shape)
        if tuple(truth.shape) != (len(times), *shape):
            raise ValueError(f"truth of shape {tuple(truth.shape)} for {len(times)} times and a state {shape}")
        states = truth.detach().reshape(len(times), -1).cpu().numpy()
        stamps = np.datetime_as_string(times.astype("datetime64[ns]"))
        rows = [self._observe_case(state, str(stamp)) for state, stamp in zip(states, stamps, strict=True)]
        values, error_std, channel, latitude, longitude, index, weight = (
            torch.from_numpy(_pad(column, fill)) for column, fill in zip(zip(*rows, strict=True), _FILLS, strict=True)
        )
        hashes = tuple(hash_arrays(row[:5]) for row in rows)
        operator = self._operator(channel, index, weight)
        return Observations(values, error_std, operator, channel, latitude, longitude, hashes).to(truth.device)

    def _observe_case(self, state: np.ndarray, stamp: str) -> tuple[np.ndarray, ...]:
        """Arrays of one case in the order of `_FILLS`."""
        words = (self.world, self._identity, stamp, self.spec.seed)
        sites = self.network(np.random.default_rng(seed_from("positions", *words)))
        noise = np.random.default_rng(seed_from("noise", *words)).standard_normal(len(sites))
        values = self._measure(sites, state) + self.noise_std[sites.channel] * noise
        if not np.isfinite(values).all():
            bad = self.channels[sites.channel[~np.isfinite(values)][0]]
            raise BenchError(
                f"The truth of {stamp} is not finite where {bad} is observed; "
                "fill the gaps, or leave the variable out with obs_vars."
            )
        return (
            values.astype(np.float32),
            self.error_std[sites.channel].astype(np.float32),
            sites.channel,
            sites.latitude.astype(np.float32),
            sites.longitude.astype(np.float32),
            sites.index,
            sites.weight.astype(np.float32),
        )

    def _operator(self, channel: Tensor, index: Tensor, weight: Tensor) -> Operator:
        """H of padded sites."""
        shape = (len(self.channels), *self.grid.shape)
        if self.quantity is None:
            return LinearOperator(index, weight, shape)
        return self.quantity.operator(channel, index, weight, shape)

    def _measure(self, sites: Sites, state: np.ndarray) -> np.ndarray:
        """H(x) of one flattened state, shape (n,), in float64."""
        if self.quantity is None:
            return sites.measure(state)
        H = self._operator(*(torch.from_numpy(part)[None] for part in (sites.channel, sites.index, sites.weight)))
        x = torch.from_numpy(state).double().view(1, len(self.channels), *self.grid.shape)
        return H(x)[0].numpy()

    def description(self) -> str:
        """One line for tables, such as `random 1 % of all variables, std 0.05`."""
        everything = "all levels" if self.spec.operator == "wind-speed" else "all variables"
        names = ", ".join(parse_channel(name).name for name in self.spec.obs_vars) or everything
        if self.spec.operator == "brightness":
            names = OPERATORS["brightness"]
        elif self.quantity:
            names = f"{OPERATORS[self.spec.operator]} of {names}"
        std = self.spec.obs_std
        if isinstance(std, dict):
            parts = [(parse_channel(name), value) for name, value in std.items()]
            words = ", ".join(f"{channel} {value:g} {channel.unit}".rstrip() for channel, value in parts)
        else:
            words = f"{std:g}"
        return f"{self.network.label} {names}, std {words}"


# Padding of values, error std, channel, latitude, longitude, index and weight.
_FILLS = (0.0, np.inf, -1, np.nan, np.nan, 0, 0.0)


def _pad(arrays: Sequence[np.ndarray], fill: float) -> np.ndarray:
    """Stacks arrays of shape (n, ...) with different n, filling the shorter ones."""
    longest = max(len(array) for array in arrays)
    padded = np.full((len(arrays), longest, *arrays[0].shape[1:]), fill, dtype=arrays[0].dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = array
    return padded
