"""The parameters of a method that are searched, and where."""

__all__ = ["search_space"]

from collections.abc import Collection

from benchmark.problem import BenchError, Method, Range, closest


def search_space(kind: type[Method], label: str, fixed: Collection[str]) -> dict[str, Range]:
    """Ranges by parameter, in the order that the method states them.

    Arguments:
        kind: The method's class.
        label: What the user calls it.
        fixed: Parameters that are taken out of the search.

    Raises:
        BenchError: If there is nothing to search, or what the method states does not fit its defaults.
    """
    if not kind.assimilates:
        raise BenchError(f"'{label}' ignores the observations, so there is nothing to tune; name another method.")
    for key, span in kind.search.items():
        if key not in kind.defaults:
            raise BenchError(
                f"Method '{label}' would search '{key}', which is none of its parameters; "
                f"{closest(key, kind.defaults)} Correct its 'search'."
            )
        if not span.holds(kind.defaults[key]):
            raise BenchError(
                f"Method '{label}' would search {key} in '{span}', which does not hold its default "
                f"{kind.defaults[key]!r}; widen the range in its 'search'."
            )
    if not kind.search:
        raise BenchError(
            f"Method '{label}' does not say where its parameters may be searched; give its class a 'search', "
            "such as {'b_scale': Real(0.1, 10.0, log=True)}."
        )
    space = {key: span for key, span in kind.search.items() if key not in fixed}
    if not space:
        raise BenchError(f"--set fixes every parameter of '{label}' that can be searched; leave one free.")
    return space
