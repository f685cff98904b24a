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
from .withholding import draw_withheld


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
        # withholding takes values away and changes none, so it is no part of what they are drawn by
        self._drawn = hash_json(spec.drawn())

    @property
    def offers(self) -> frozenset[Need]:
        """What its observations have of what a method may need."""
        return frozenset() if self.quantity else frozenset({Need.LINEAR_OPERATOR})

    @property
    def quantities(self) -> dict[int, str]:
        """What each value is of, by the channel that `Observations` name: `z500`, or `wind-speed(u500)`."""
        names = {i: self.channels[i].name for i in self.observed}
        return {i: f"{self.spec.operator}({name})" for i, name in names.items()} if self.quantity else names

    def observe(self, truth: Tensor, times: np.ndarray) -> Observations:
        """What methods see of the truth; arguments and errors as of `split`."""
        return self.split(truth, times)[0]

    def split(self, truth: Tensor, times: np.ndarray) -> tuple[Observations, Observations | None]:
        """Observes the truth, values = H(truth) + error_std * noise, and keeps a share of the values from methods.

        Positions, errors and what is withheld of a case come from streams of their own, seeded by the world, the
        observing system, the case's time and the seed: they do not depend on the batch. Without withholding the
        same values would be there, with the same errors.

        Arguments:
            truth: Shape (case, channel, latitude, longitude) [normalised].
            times: Valid times, shape (case,), datetime64[ns].

        Returns:
            The observations that methods see and the withheld ones, None where the specification withholds none;
            float32, on the truth's device. Cases shorter than the longest are padded, and one without any value has
            one of padding. A case's hash is that of both parts.

        Raises:
            BenchError: If an observed value of the truth is not finite.
            ValueError: If the shapes do not fit the observing system.
        """
        shape = (len(self.channels), *self.grid.shape)
        if tuple(truth.shape) != (len(times), *shape):
            raise ValueError(f"truth of shape {tuple(truth.shape)} for {len(times)} times and a state {shape}")
        states = truth.detach().reshape(len(times), -1).cpu().numpy()
        stamps = [str(stamp) for stamp in np.datetime_as_string(times.astype("datetime64[ns]"))]
        rows = [self._observe_case(state, stamp) for state, stamp in zip(states, stamps, strict=True)]
        if not self.spec.withhold:
            hashes = tuple(hash_arrays(row[:5]) for row in rows)
            return self._batch(rows, hashes).to(truth.device), None
        unseen = [self._withheld(row, stamp) for row, stamp in zip(rows, stamps, strict=True)]
        used, withheld = (
            [tuple(column[chosen] for column in row) for row, chosen in zip(rows, side, strict=True)]
            for side in ([~chosen for chosen in unseen], unseen)
        )
        hashes = tuple(hash_arrays([*a[:5], *b[:5]]) for a, b in zip(used, withheld, strict=True))
        return self._batch(used, hashes).to(truth.device), self._batch(withheld, hashes).to(truth.device)

    def _batch(self, rows: Sequence[tuple[np.ndarray, ...]], hashes: tuple[str, ...]) -> Observations:
        """Observations of cases, each with arrays in the order of `_FILLS`."""
        values, error_std, channel, latitude, longitude, index, weight = (
            torch.from_numpy(_pad(column, fill)) for column, fill in zip(zip(*rows, strict=True), _FILLS, strict=True)
        )
        operator = self._operator(channel, index, weight)
        return Observations(values, error_std, operator, channel, latitude, longitude, hashes)

    def _observe_case(self, state: np.ndarray, stamp: str) -> tuple[np.ndarray, ...]:
        """Arrays of one case in the order of `_FILLS`."""
        words = (self.world, self._drawn, stamp, self.spec.seed)
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

    def _withheld(self, row: tuple[np.ndarray, ...], stamp: str) -> np.ndarray:
        """Which values of one case are kept from methods, shape (n,), bool; a larger share takes more, and the same."""
        rng = np.random.default_rng(seed_from("withhold", self.world, self._drawn, stamp, self.spec.seed))
        place = None if self.spec.network == "random" else np.stack(row[3:5], axis=1)
        return draw_withheld(len(row[0]), place, self.spec.withhold, rng)

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
        withheld = f", {100 * self.spec.withhold:.3g} % withheld" if self.spec.withhold else ""
        return f"{self.network.label} {names}, std {words}{withheld}"


# Padding of values, error std, channel, latitude, longitude, index and weight.
_FILLS = (0.0, np.inf, -1, np.nan, np.nan, 0, 0.0)


def _pad(arrays: Sequence[np.ndarray], fill: float) -> np.ndarray:
    """Stacks arrays of shape (n, ...) with different n, filling the shorter ones to one value at least."""
    longest = max(1, *(len(array) for array in arrays))
    padded = np.full((len(arrays), longest, *arrays[0].shape[1:]), fill, dtype=arrays[0].dtype)
    for row, array in zip(padded, arrays, strict=True):
        row[: len(array)] = array
    return padded
