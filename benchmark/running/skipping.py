"""Which methods cannot run on a world under an observing system, and why: a typed reason that the tables show."""

__all__ = ["SENTENCES", "unmet"]

from benchmark.observing import ObservingSystem
from benchmark.problem import Method, Need
from benchmark.worlds import World
from methods.registry import is_oracle

SENTENCES = {
    Need.LINEAR_OPERATOR: "it takes only observations that depend linearly on the state, such as operator=state",
    Need.ENSEMBLE: "this world has no background ensemble",
    Need.EXACT_POSTERIOR: "only the world 'gaussian' knows its exact posterior",
    Need.TRUTH: "only the built-in oracles are shown the truth",
}


def unmet(method: type[Method], world: World, system: ObservingSystem) -> Need | None:
    """The first need of a method, in the order of `Need`, that neither the world nor the observing system meets, or
    None."""
    offered = world.offers | system.offers
    if is_oracle(method):
        offered |= {Need.TRUTH}
    return next((need for need in Need if need in method.needs and need not in offered), None)
