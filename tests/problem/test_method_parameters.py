"""Parameters of a method: text from the command line becomes their type, or an error with a cure."""

from typing import Any, ClassVar

import pytest

from benchmark.problem import Analysis, BenchError, CaseNoise, Cost, Method, Problem


class Toy(Method):
    name = "toy"
    defaults: ClassVar[dict[str, Any]] = {"steps": 10, "scale": 0.5, "clip": True, "kind": "a", "any": None}

    def analyse(self, problem: Problem, members: int, noise: CaseNoise) -> Analysis:
        return Analysis.of(problem.background[:, None], Cost())


def test_defaults_are_not_shared() -> None:
    toy = Toy(steps=3)
    assert (toy["steps"], Toy()["steps"], Toy.defaults["steps"]) == (3, 10, 10)


@pytest.mark.parametrize(
    ("key", "given", "value"),
    [
        ("steps", "20", 20),
        ("steps", "1e2", 100),
        ("steps", 4.0, 4),
        ("scale", "1e-3", 0.001),
        ("scale", 2, 2.0),
        ("clip", "no", False),
        ("clip", "True", True),
        ("clip", 0, False),
        ("kind", 5, "5"),
        ("any", [1], [1]),
    ],
)
def test_coercion(key: str, given: object, value: object) -> None:
    result = Toy(**{key: given})[key]
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("key", "given", "message"),
    [
        ("steps", "2.5", r"toy: steps takes a positive value of type int \(default 10\), not '2.5'"),
        ("steps", "many", r"toy: steps takes a positive value of type int"),
        ("steps", "nan", r"toy: steps takes a positive value of type int"),
        ("steps", None, r"toy: steps takes a positive value of type int \(default 10\), not None"),
        ("scale", "big", r"toy: scale takes a positive value of type float \(default 0.5\), not 'big'"),
        ("clip", "maybe", r"toy: clip takes a value of type bool \(default True\), not 'maybe'"),
        ("step", 1, r"Method 'toy' has no parameter 'step'; did you mean 'steps'"),
        ("xyz", 1, r"Method 'toy' has no parameter 'xyz'; known: any, clip, kind, scale, steps"),
    ],
)
def test_errors(key: str, given: object, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        Toy(**{key: given})
