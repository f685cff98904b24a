"""Labels of submitted rows: what a method is called in tables says what was run."""

__all__ = ["TRAINED", "check_label", "is_trained_anew", "submitted_label"]

import re
from collections.abc import Mapping
from typing import Any

from benchmark.problem import BenchError, hash_json
from benchmark.weights import SHIPPED, Card
from benchmark.worlds.forecaster import ForecastNetworks
from benchmark.worlds.perturbations import Perturbations
from benchmark.worlds.planet.forecaster import PlanetColumns
from methods.registry import find_method

from ..experiment import MethodRequest
from .checks import RefusedError
from .describing import Description
from .members import NAME

TRAINED = "trained"
"""What stands in the brackets of a method whose weights are not those that ship."""

WORLD_PARTS = (ForecastNetworks.name, PlanetColumns.name, Perturbations.name)
"""Components that make backgrounds and their ensembles: they are the world's, and nobody submits them."""

ARCHIVE = "archive"
"""What stands among the weights for the archive that a method is fitted on."""

PAIR = r"[A-Za-z_][A-Za-z0-9_]{0,63}=[A-Za-z0-9_.:+ -]{1,64}"
LABEL = rf"{NAME}(\[{PAIR}(,{PAIR})*\])?"
LONGEST = 200


def own_weights(description: Description) -> dict[str, str]:
    """sha256 of the components that are the method's and not the world's, by name."""
    return {k: v for k, v in description.weights.items() if k not in (*WORLD_PARTS, ARCHIVE)}


def is_trained_anew(description: Description) -> bool:
    """Whether some of a method's weights are not those that ship with the package."""
    folder = SHIPPED / description.world.name
    for name, digest in own_weights(description).items():
        card = folder / f"{name}.json"
        if not card.is_file() or Card.read(card).sha256 != digest:
            return True
    return False


def submitted_label(label: str, description: Description) -> str:
    """The label that rows get: the method's own name in place of a file's, and a mark where weights are others.

    Arguments:
        label: As the run named it.
        description: Of the experiment.

    Raises:
        BenchError: If it cannot be read.
    """
    asked = MethodRequest.parse(label)
    pairs = {key: value for key, value in asked.parameters.items() if key != TRAINED}
    if is_trained_anew(description):
        pairs[TRAINED] = _mark(description)
    brackets = ",".join(f"{key}={value}" for key, value in pairs.items())
    return f"{description.method.name}[{brackets}]" if brackets else description.method.name


def check_label(label: str, description: Description) -> None:
    """
    Raises:
        RefusedError: If a label is not in plain characters, or names another method, parameter or value than was run.
    """
    if len(label) > LONGEST or not re.fullmatch(LABEL, label, re.ASCII):
        raise RefusedError(f"the label {label[:60]!r} is not NAME or NAME[key=value,...] in plain characters")
    asked, method = MethodRequest.parse(label), description.method
    if asked.name != method.name:
        raise RefusedError(f"the label '{label}' is not of the method '{method.name}'")
    told = dict(asked.parameters)
    mark = told.pop(TRAINED, "")
    if mark != (_mark(description) if is_trained_anew(description) else ""):
        raise RefusedError(
            f"the label '{label}' does not say rightly whether its weights are those of the package; "
            f"it would be '{submitted_label(label, description)}'"
        )
    known = _as_parameters(told, description)
    for key, value in known.items():
        if key in method.parameters and not _same(method.parameters[key], value):
            raise RefusedError(f"the label '{label}' says {key}={value}, and {method.parameters[key]!r} was run")
        if key not in method.parameters and not description.built_in:
            raise RefusedError(f"the label '{label}' names '{key}', which is no parameter of what was run")


def _mark(description: Description) -> str:
    return hash_json(own_weights(description))[:8]


def _as_parameters(told: Mapping[str, str], description: Description) -> dict[str, Any]:
    """Of the package's own methods in their types; some are not told where the operator is linear."""
    if not description.built_in:
        return dict(told)
    try:
        parameters = find_method(description.method.name)(**told).parameters
    except BenchError as error:
        raise RefusedError(f"the label '{description.method.name}[...]' cannot be: {error}") from None
    return {key: parameters[key] for key in told}


def _same(run: Any, told: Any) -> bool:
    try:
        return bool(run == told or str(run) == str(told) or float(run) == float(told))
    except (TypeError, ValueError):
        return str(run).lower() == str(told).lower()
