"""Observation error: from the user's words to the noise of the values and to R."""

__all__ = ["R_FLOOR_STD", "normalised_std", "read_obs_std"]

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import yaml

from benchmark.problem import BenchError, Channel, Normalisation, parse_channel, select_channels

R_FLOOR_STD = 1e-3
"""Least error std that methods are told [normalised]: R of exact observations stays invertible."""


def read_obs_std(text: str) -> float | dict[str, float]:
    """Reads what the user wrote after `--obs-std`.

    Arguments:
        text: A number [climatological std of the channel], or the path of a YAML file that maps names of
            channels or variables to numbers [physical unit of the variable].

    Raises:
        BenchError: If it is neither, or a number is negative or not finite.
    """
    try:
        return _checked("obs_std", float(text))
    except ValueError:
        pass
    path = Path(text)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchError(
            f"obs_std '{text}' is neither a number nor a readable YAML file ({error.strerror}); "
            "give 0.05 for a twentieth of the climatological std, or a file with lines such as 'z500: 100'."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BenchError(f"{path} is not YAML ({error}); write lines such as 'z500: 100'.") from None
    if not isinstance(content, dict) or not content:
        raise BenchError(f"{path} must map names to error stds in physical units, in lines such as 'z500: 100'.")
    return {str(name): _number(f"{path}: {name}", value) for name, value in content.items()}


def _number(label: str, value: object) -> float:
    # YAML reads 1e2 as text and yes as a truth value.
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        number = float(value)
    except ValueError:
        raise BenchError(f"{label} takes a number in the variable's physical unit, not {value!r}.") from None
    return _checked(label, number)


def _checked(label: str, value: float) -> float:
    if not (math.isfinite(value) and value >= 0):
        raise BenchError(f"{label} is {value:g}; an error std is finite and zero or more.")
    return value


def normalised_std(
    obs_std: float | Mapping[str, float],
    channels: Sequence[Channel],
    observed: Sequence[int],
    normalisation: Normalisation,
) -> np.ndarray:
    """Error std of every channel, shape (channel,) [normalised]; NaN where a channel is not observed.

    A channel's own name goes before that of its variable.

    Raises:
        BenchError: If a name means no channel, or an observed channel has no std.
    """
    result = np.full(len(channels), np.nan)
    if not isinstance(obs_std, Mapping):
        result[list(observed)] = obs_std
        return result
    exact: dict[int, float] = {}
    broad: dict[int, float] = {}
    for name, std in obs_std.items():
        for i in select_channels([name], channels):
            own = parse_channel(name) == channels[i] or name == channels[i].name
            (exact if own else broad)[i] = std
    physical = broad | exact
    missing = [channels[i].name for i in observed if i not in physical]
    if missing:
        raise BenchError(
            f"obs_std names no error for the observed {', '.join(missing)}; "
            "add them in physical units, or leave them out with obs_vars."
        )
    for i in observed:
        result[i] = physical[i] / normalisation.std[i]
    return result
