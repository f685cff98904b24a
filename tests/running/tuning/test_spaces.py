"""What methods say of where their parameters are searched."""

import pytest

from benchmark.problem import BenchError, Choice, Method, Range, Real, Whole
from benchmark.running.tuning.budget import Budget
from benchmark.running.tuning.space import search_space
from methods.registry import find_method, method_names

TUNABLE = (
    *("3dvar", "latent-3dvar", "interpolation", "letkf", "etkf", "enkf", "enoi", "ensf", "denoising-3dvar", "lo-sda"),
    *("mmps", "dps", "latent-dps", "sda"),
)


def made(**attributes):
    return type("Made", (find_method("3dvar"),), attributes)


def ends(span: Range) -> tuple:
    return span.values if isinstance(span, Choice) else (span.low, span.high)


@pytest.mark.parametrize("name", [n for n in method_names() if find_method(n).search and find_method(n).assimilates])
def test_every_space_is_sound(name):
    kind = find_method(name)
    space = search_space(kind, name, ())
    assert 2 <= len(space) <= 6
    for key, span in space.items():
        # the ends are settings that the method takes, of the type of the default
        for value in ends(span):
            assert span.holds(kind(**{key: str(value)})[key])
            assert type(value) is type(kind.defaults[key])


def test_the_methods_of_the_comparison_can_be_tuned():
    assert {name for name in TUNABLE if not find_method(name).search} == set()


@pytest.mark.parametrize(
    ("kind", "fixed", "cause", "cure"),
    [
        (made(search={"b_scal": Real(0.1, 2.0)}), (), "'b_scal', which is none", "did you mean 'b_scale'"),
        (made(search={"b_scale": Real(2.0, 3.0)}), (), "does not hold its default 1.0", "widen"),
        (made(search={"b_scale": Whole(1, 3)}), (), "does not hold its default 1.0", "widen"),
        (made(search={}), (), "does not say where", "give its class a 'search'"),
        (made(), ("b_scale", "modes"), "fixes every parameter", "leave one free"),
        (find_method("no-observations"), (), "ignores the observations", "another method"),
    ],
)
def test_a_space_that_cannot_be_searched(kind: type[Method], fixed, cause, cure):
    with pytest.raises(BenchError) as error:
        search_space(kind, "made", fixed)
    assert cause in str(error.value)
    assert cure in str(error.value)


def test_what_is_fixed_is_not_searched():
    assert list(search_space(find_method("3dvar"), "3dvar", ("b_scale",))) == ["modes"]


@pytest.mark.parametrize(
    "impossible",
    [
        lambda: Real(1.0, 1.0),
        lambda: Real(0.0, 1.0, log=True),
        lambda: Real(0.0, float("inf")),
        lambda: Whole(3, 2),
        lambda: Choice("one"),
    ],
)
def test_impossible_ranges(impossible):
    with pytest.raises(ValueError, match=r"range|choice"):
        impossible()


def test_ranges_hold_values_of_their_type():
    assert Real(0.0, 1.0).holds(1.0)
    assert not any(Real(0.0, 1.0).holds(value) for value in (1, 1.1, "1", float("nan"), True))
    assert Whole(1, 3).holds(3)
    assert not any(Whole(0, 3).holds(value) for value in (4, 1.0, True, "1"))
    assert Choice(True, False).holds(True)
    assert not Choice("a", "b").holds("c")
    # 0.0512 has three digits, and the range ends before
    assert Real(0.01, 0.05125).rounded(0.051249) == 0.0512
    assert Real(0.01234, 1.0).rounded(0.012341) == 0.01234


def test_budgets():
    budget = Budget.parse(("seconds=2", "calls=64"))
    assert budget == Budget(seconds=2.0, calls=64.0)
    assert budget.excess(1.0, 32.0) == 0.5
    assert budget.excess(1.0, 96.0) == 1.5
    assert budget.excess(6.0, 96.0) == 3.0
    assert Budget().excess(1e9, 1e9) == 0.0
