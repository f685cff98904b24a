"""What can be measured beside the state's own values: wind speed, arctangents, brightness temperatures."""

__all__ = ["OPERATORS", "OperatorName", "Quantity", "make_quantity"]

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import BenchError, Channel, LinearOperator, Normalisation, PointwiseOperator

from .brightness import BrightnessTemperature

OperatorName = Literal["state", "wind-speed", "arctan", "brightness"]

OPERATORS = {
    "state": "",
    "wind-speed": "wind speed",
    "arctan": "arctan",
    "brightness": "brightness temperature",
}
"""Names of the operators, and what they measure, in words."""

CALM = 0.01
"""Added in quadrature to the wind speed [m s-1], so that it has a derivative in calm air too."""

COMPONENTS = {"u": "v", "u10": "v10"}


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A quantity that is nonlinear in a few channels at one place.

    Each value has a leading channel: networks draw by it, and its value counts as one of that channel.

    Arguments:
        function: Shape (..., j) [physical] -> (...) [unit of the quantity].
        inputs: Leading channel -> the channels that it is made of, in the function's order.
        arguments: Turns the channels into the function's arguments.
        units: By leading channel, the std that a value is divided by [unit of the quantity].
    """

    function: Callable[[Tensor], Tensor]
    inputs: Mapping[int, tuple[int, ...]]
    arguments: Normalisation
    units: Normalisation

    @property
    def leading(self) -> tuple[int, ...]:
        """The leading channels."""
        return tuple(self.inputs)

    def operator(
        self, channel: Tensor, index: Tensor, weight: Tensor, shape: tuple[int, int, int]
    ) -> PointwiseOperator:
        """H of values at sites of the leading channels.

        Arguments:
            channel: The leading channel of each value, shape (case, n); -1 where padded.
            index: Positions in the flattened state, as if the leading channel itself were observed, shape (case, n, k).
            weight: Their weights, shape (case, n, k); 0 where padded.
            shape: The state's (channel, latitude, longitude).
        """
        points = shape[1] * shape[2]
        table = torch.zeros(shape[0], len(self.inputs[self.leading[0]]), dtype=torch.int64)
        for first, parts in self.inputs.items():
            table[first] = torch.tensor(parts)
        # padding takes the first leading channel's numbers, which are finite
        channel = torch.where(channel < 0, self.leading[0], channel)
        made_of = table[channel]
        mean, std = (torch.tensor(t, dtype=torch.float64) for t in (self.arguments.mean, self.arguments.std))
        inputs = tuple(
            LinearOperator(index % points + made_of[..., i, None] * points, weight, shape)
            for i in range(made_of.shape[-1])
        )
        scale = torch.tensor(self.units.std, dtype=torch.float64)[channel]
        return PointwiseOperator(self.function, inputs, mean[made_of], std[made_of], scale)


def make_quantity(
    operator: OperatorName, channels: Sequence[Channel], chosen: Sequence[int], normalisation: Normalisation
) -> Quantity | None:
    """What an operator measures, or None for the state itself.

    Arguments:
        operator: Its name.
        channels: The state's channels.
        chosen: Indices of those that may be observed.
        normalisation: Of the channels.

    Raises:
        BenchError: If the channels that it needs are not there.
    """
    if operator == "wind-speed":
        return _wind_speed(channels, chosen, normalisation)
    if operator == "arctan":
        return _arctan(chosen, len(channels))
    if operator == "brightness":
        return _brightness(channels, normalisation)
    return None


def _wind_speed(channels: Sequence[Channel], chosen: Sequence[int], normalisation: Normalisation) -> Quantity:
    """(u^2 + v^2 + CALM^2)^1/2 of a level, led by u, in units of the root mean square of both components' stds."""
    place = {channels[i]: i for i in chosen}
    pairs = {
        i: (i, place[other])
        for channel, i in place.items()
        if channel.variable in COMPONENTS and (other := Channel(COMPONENTS[channel.variable], channel.level)) in place
    }
    if not pairs:
        raise BenchError(
            "operator=wind-speed needs u and v of the same level among the observed channels, which are "
            f"{', '.join(str(channels[i]) for i in chosen)}; name both with obs_vars, such as u850,v850, or take a "
            "world that has them, or another operator."
        )
    return Quantity(_speed, pairs, normalisation, _units(pairs, normalisation, len(channels)))


def _speed(wind: Tensor) -> Tensor:
    return (wind.square().sum(-1) + CALM**2).sqrt()


def _arctan(chosen: Sequence[int], count: int) -> Quantity:
    """arctan of the normalised value itself, in radians."""
    plain = Normalisation((0.0,) * count, (1.0,) * count)
    return Quantity(_arctangent, {i: (i,) for i in chosen}, plain, plain)


def _arctangent(value: Tensor) -> Tensor:
    return torch.arctan(value.squeeze(-1))


def _brightness(channels: Sequence[Channel], normalisation: Normalisation) -> Quantity:
    """The brightness temperature of all levels that have temperature and humidity, led by the temperature where the
    weights of the mean profile peak, in units of the root mean square of the temperatures' stds."""
    place = {channel: i for i, channel in enumerate(channels)}
    levels = sorted({c.level for c in channels if c.variable == "t" and c.level and Channel("q", c.level) in place})
    if len(levels) < 2:
        raise BenchError(
            "operator=brightness needs temperature and specific humidity (t and q) together at two levels or more, and "
            f"this world has {', '.join(map(str, channels))}; take another world, or another operator."
        )
    temperatures, humidities = (tuple(place[Channel(name, level)] for level in levels) for name in ("t", "q"))
    function = BrightnessTemperature.on(tuple(levels))
    mean = torch.tensor([normalisation.mean[i] for i in humidities], dtype=torch.float64)
    peak = temperatures[int(function.weights(mean).argmax())]
    units = _units({peak: temperatures}, normalisation, len(channels))
    return Quantity(function, {peak: temperatures + humidities}, normalisation, units)


def _units(parts: Mapping[int, Sequence[int]], normalisation: Normalisation, count: int) -> Normalisation:
    """By leading channel, the root mean square of the stds of its parts; one elsewhere."""
    std = np.ones(count)
    for first, others in parts.items():
        std[first] = np.sqrt(np.mean([normalisation.std[i] ** 2 for i in others]))
    return Normalisation((0.0,) * count, tuple(std.tolist()))
