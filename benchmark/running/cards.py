"""Method cards: what a method is and what it uses, and what of it belongs to a world.

A card is made of a method at hand, or of what is stored of an experiment. No code is run for the latter but that of
this package and of plug-ins that are installed here and are what was run: a file that somebody names is never imported.
"""

__all__ = ["card_of", "join_cards", "method_card"]

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.problem import FAMILIES, BenchError, Method, Need
from benchmark.training.recipes import RECIPES
from benchmark.worlds import BaseSpec, library, load_spec
from methods.registry import BUILT_IN, find_method, is_oracle, source_hash

from .experiment import Experiment, MethodRequest, weights_hash

ARCHIVE = "archive"
"""What stands among an experiment's weights for the archive that its method was fitted on."""

SCHEMES = ("https://", "http://")


def method_card(
    label: str,
    method: Method,
    experiment: Experiment | None = None,
    spec: BaseSpec | None = None,
    trials: int = 0,
) -> dict[str, Any]:
    """The card of a method at hand.

    Arguments:
        label: As users name it.
        method: With its parameters; it need not be prepared.
        experiment: On a world; None for a card without one.
        spec: The world's description.
        trials: Among how many its parameters were chosen.

    Returns:
        JSON-able: `label`, `name`, `version`, `family`, `paper`, `url`, `uses` (`background`, `adjoint`, `ensemble`,
        `network` and `truth`, each true or false; `adjoint` is null where the author does not say), and under `worlds`
        for every world `training_years`, `weights` (hash of all, as in the rows), `components` (names), `hashes` (by
        name, as far as they have weights), `trials` and `parameters`.
    """
    card = _card(label, method.name, method.version, method)
    if experiment is not None:
        years = _span(spec.fitting_years.get("train", ())) if spec else ""
        parameters = dict(experiment.method["parameters"])
        part = _of_world(method, experiment.weights, parameters, years, trials)
        card["worlds"][str(experiment.world["name"])] = part
    return card


def card_of(label: str, facts: Mapping[str, Any], trials: int = 0) -> dict[str, Any]:
    """The card of a stored experiment; of a method that is not here any more it has what is stored, and `uses` is null.

    Arguments:
        label: As the rows name the method.
        facts: What the experiment is, flat, as `Stored.facts`.
        trials: Among how many its parameters were chosen, as in its rows.
    """
    parameters, weights = (_under(facts, part) for part in ("method.parameters.", "weights."))
    method = _at_hand(label, facts, parameters)
    world = str(facts.get("world.name", ""))
    card = _card(label, str(facts.get("method.name", "")), facts.get("method.version", 0), method)
    card["worlds"][world] = _of_world(method, weights, parameters, _library_years(world), trials)
    return card


def join_cards(cards: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """One card a label, with the worlds of all that have it; of several of one world the first counts."""
    joined: dict[str, dict[str, Any]] = {}
    for card in cards:
        known = joined.setdefault(card["label"], {**card, "worlds": {}})
        known["worlds"] = {**card["worlds"], **known["worlds"]}
    return joined


def _card(label: str, name: str, version: Any, method: Method | None) -> dict[str, Any]:
    told: dict[str, Any] = {"family": "other", "paper": "", "url": "", "uses": None}
    if method is not None:
        kind = type(method)
        told = {"family": _family(kind), "paper": str(kind.paper), "url": _url(kind), "uses": _uses(method)}
    return {"label": label, "name": name, "version": version, **told, "worlds": {}}


def _family(kind: type[Method]) -> str:
    if is_oracle(kind):
        return "oracle"
    if not kind.assimilates:
        return "reference"
    return kind.family if kind.family in FAMILIES else "other"


def _url(kind: type[Method]) -> str:
    """A class that names another paper than the one it derives from has not that one's address."""
    for base in kind.__mro__:
        if "paper_url" in vars(base):
            url = str(vars(base)["paper_url"])
            return url if url.startswith(SCHEMES) else ""
        if "paper" in vars(base):
            return ""
    return ""


def _uses(method: Method) -> dict[str, bool | None]:
    kinds = [RECIPES[name].kind for name in method.components if name in RECIPES]
    background, network = method.uses_background, method.uses_network
    return {
        "background": method.prior == "background" if background is None else background,
        "adjoint": method.uses_adjoint,
        "ensemble": Need.ENSEMBLE in method.needs,
        "network": any(kind.neural for kind in kinds) if network is None else network,
        "truth": is_oracle(type(method)),
    }


def _of_world(
    method: Method | None, weights: Mapping[str, str], parameters: Mapping[str, Any], years: str, trials: int
) -> dict[str, Any]:
    needed = method.components if method else ()
    return {
        "training_years": years,
        "weights": weights_hash(weights) if weights else "",
        "components": list(dict.fromkeys([*needed, *(name for name in weights if name != ARCHIVE)])),
        "hashes": dict(weights),
        "trials": trials,
        "parameters": dict(parameters),
    }


def _at_hand(label: str, facts: Mapping[str, Any], parameters: Mapping[str, Any]) -> Method | None:
    """The method as it was run, if it is built in or an installed plug-in of the same source."""
    try:
        kind = _kind(label, str(facts.get("method.name", "")), str(facts.get("method.source", "")))
        if kind is None:
            return None
        # an earlier version may have had others
        return kind(**{key: value for key, value in parameters.items() if key in kind.defaults})
    except Exception:  # whatever a plug-in raises, there is a card of what is stored
        return None


def _kind(label: str, name: str, source: str) -> type[Method] | None:
    if not source:
        return find_method(name) if name in BUILT_IN else None
    asked = MethodRequest.parse(label).name
    if ".py:" in asked or asked in BUILT_IN:
        return None
    kind = find_method(asked)
    return kind if kind.name == name and source_hash(kind) == source else None


@functools.lru_cache(64)
def _library_years(world: str) -> str:
    """Training years of a world of the library, and empty for others: a name from a result is no path to read."""
    if world not in library():
        return ""
    try:
        return _span(load_spec(world).fitting_years.get("train", ()))
    except BenchError:
        return ""


def _span(years: Sequence[int]) -> str:
    """`2000-2006`, or `2000-2003, 2005`."""
    ordered = sorted(years)
    runs = itertools.groupby(enumerate(ordered), key=lambda pair: pair[1] - pair[0])
    ends = [(run[0], run[-1]) for run in ([year for _, year in group] for _, group in runs)]
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ends)


def _under(facts: Mapping[str, Any], before: str) -> dict[str, Any]:
    return {key.removeprefix(before): value for key, value in facts.items() if key.startswith(before)}
