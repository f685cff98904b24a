"""Which components there are, how each is made, and in which order."""

__all__ = ["RECIPES", "find_recipe", "identify", "order", "prepare", "train"]

from collections.abc import Iterable

from benchmark.problem import BenchError, Component, Method, Need, closest
from benchmark.worlds import Fields
from benchmark.worlds.perturbations import Perturbations
from methods.registry import find_method, method_names

from .alignment import AlignedPriorRecipe
from .autoencoder import AutoencoderRecipe
from .background_error import BackgroundErrorRecipe
from .context import Context, Recipe
from .corrected_error import CorrectedErrorRecipe
from .error_vae import ErrorVAERecipe
from .forecaster import ForecasterRecipe
from .latent_prior import LatentPriorRecipe
from .pair_statistics import PairStatisticsRecipe
from .perturbations import PerturbationsRecipe
from .planet_columns import PlanetColumnsRecipe
from .state_prior import ClimatePriorRecipe, StatePriorRecipe
from .static_ensemble import StaticEnsembleRecipe

_ALL: tuple[Recipe, ...] = (
    ForecasterRecipe(),
    PlanetColumnsRecipe(),
    BackgroundErrorRecipe(),
    PairStatisticsRecipe(),
    PerturbationsRecipe(),
    StaticEnsembleRecipe(),
    AutoencoderRecipe(),
    LatentPriorRecipe(),
    AlignedPriorRecipe(),
    StatePriorRecipe(),
    ClimatePriorRecipe(),
    ErrorVAERecipe(),
    CorrectedErrorRecipe(),
)
PERTURBATIONS = Perturbations.name
RECIPES = {recipe.kind.name: recipe for recipe in _ALL}


def find_recipe(name: str) -> Recipe:
    """The recipe of a component.

    Raises:
        BenchError: If nobody knows how to make it.
    """
    if name not in RECIPES:
        raise BenchError(f"There is no component called '{name}'; {closest(name, RECIPES)}")
    return RECIPES[name]


def order(names: Iterable[str], context: Context) -> list[str]:
    """The components and all that they need, each after what it needs."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in ordered or not context.uses(name):
            return
        for other in find_recipe(name).needs(context):
            visit(other)
        ordered.append(name)

    for name in names:
        visit(name)
    return ordered


def train(target: str, context: Context, again: bool = False) -> list[str]:
    """Trains a component, or all that a method needs, where it is not there yet.

    Arguments:
        target: Name of a component or a method.
        context: The training's surroundings.
        again: Whether to train the target's own components anew though they are there.

    Returns:
        Names of the components that were made.

    Raises:
        BenchError: If there is nothing of that name, or a setting is of no component.
    """
    if target in RECIPES:
        wanted: tuple[str, ...] = (target,)
    elif target in method_names():
        wanted = find_method(target).components
    else:
        raise BenchError(f"Nothing called '{target}' can be trained; {closest(target, [*RECIPES, *method_names()])}")
    for name in (*context.overrides, *context.world.spec.training):
        find_recipe(name)
    made: list[str] = []
    for name in order(wanted, context):
        stale = made and any(need in made for need in find_recipe(name).needs(context))
        if (again and name in wanted) or stale or not _is_there(name, context):
            find_recipe(name).run(context)
            made.append(name)
    return made


def _is_there(name: str, context: Context) -> bool:
    try:
        return context.store.load(find_recipe(name).kind) is not None
    except BenchError:
        return False  # weights for other data, for another forecaster, or damaged ones: they are made anew


def identify(method: Method, context: Context) -> dict[str, str]:
    """What a method builds on, known without reading it; components that take only seconds are made.

    Returns:
        sha256 of the components' weights, by name, and of the archive that the method is fitted on, if it is.

    Raises:
        BenchError: If a component has to be trained first.
    """
    hashes: dict[str, str] = {}
    for name in method.components:
        if context.world.provide(name) is not None:
            continue
        recipe = find_recipe(name)
        if recipe.quick and not _is_known(name, context):
            recipe.run(context)
        found = context.hashes((name,))
        if not found:
            context.require(recipe.kind)  # says what to do
        hashes |= found
    if Need.ENSEMBLE in method.needs and isinstance(context.world, Fields):
        if not _is_known(PERTURBATIONS, context):
            find_recipe(PERTURBATIONS).run(context)
        hashes |= context.hashes((PERTURBATIONS,))
    if type(method).fit is not Method.fit:
        hashes["archive"] = context.archive.hash
    return hashes


def _is_known(name: str, context: Context) -> bool:
    try:
        return context.store.find(name) is not None
    except BenchError:
        return False


def _part(name: str, context: Context) -> Component:
    """A component on the device; a quick one is made if it is not there, or damaged."""
    if (known := context.world.provide(name)) is not None:
        return known.to(context.device)
    recipe = find_recipe(name)
    try:
        return context.require(recipe.kind)
    except BenchError:
        if not recipe.quick:
            raise
    recipe.run(context)
    return context.require(recipe.kind)


def prepare(method: Method, context: Context) -> dict[str, str]:
    """Gives a method its components, making those that take only seconds, and fits it.

    Returns:
        What `identify` does.

    Raises:
        BenchError: If a component has to be trained first, or its file is damaged.
    """
    parts = {name: _part(name, context) for name in method.components}
    hashes = identify(method, context)
    method.load(parts)
    if type(method).fit is not Method.fit:
        method.fit(context.archive)
    return hashes
