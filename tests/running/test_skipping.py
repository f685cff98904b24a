"""A method whose needs are not met is left out, with a reason that the JSON object and the table show."""

import json
import types

import pytest

from benchmark.problem import BenchError, Method, Need
from benchmark.running.skipping import SENTENCES, unmet
from methods.registry import ORACLES, find_method

PLUGIN = """
from benchmark.problem import Analysis, Cost, Method, Need


class Linear(Method):
    name = "linear"
    needs = frozenset({Need.LINEAR_OPERATOR})
    defaults = {"by": 0.5}

    def analyse(self, problem, members, noise):
        assert problem.observations.operator.linear
        return Analysis.of((problem.background + self["by"])[:, None], Cost())


class Known(Linear):
    name = "known"
    needs = frozenset({Need.EXACT_POSTERIOR, Need.LINEAR_OPERATOR})


class Untrained(Linear):
    name = "untrained"
    components = ("no-such-component",)
"""


@pytest.fixture
def plugin(tmp_path):
    file = tmp_path / "plugin.py"
    file.write_text(PLUGIN)
    return lambda name: f"{file}:{name}"


@pytest.fixture
def bend(bench, small_world, tmp_path):
    """(methods, options) -> the result of `bench run` with arctangents observed."""

    def go(*methods, options=("--json",), operator="arctan"):
        chosen = [word for method in methods for word in ("--method", method)]
        common = ("--cases", 4, "--obs-frac", 0.1, "--operator", operator, "--out", tmp_path / "results")
        return bench("run", *chosen, *common, *small_world.options, *options)

    return go


def offering(*needs):
    return types.SimpleNamespace(offers=frozenset(needs))


class Everything(Method):
    name = "everything"
    needs = frozenset(Need)

    def analyse(self, problem, members, noise):
        raise NotImplementedError


def test_the_first_need_that_is_not_met_in_the_order_of_the_needs():
    all_of_them = list(Need)
    for i, need in enumerate(all_of_them):
        assert unmet(Everything, offering(*all_of_them[:i]), offering()) is need
        assert unmet(Everything, offering(), offering(*all_of_them[:i])) is need
    assert unmet(Everything, offering(*all_of_them), offering()) is None
    assert unmet(find_method("background"), offering(), offering()) is None


def test_every_need_has_its_sentence():
    assert set(SENTENCES) == set(Need)


def test_the_truth_is_for_the_built_in_oracles_and_not_for_what_is_derived_from_them():
    built_in = [find_method(name) for name in ORACLES]
    assert built_in
    for method in built_in:
        assert unmet(method, offering(), offering()) is None
        derived = type("Derived", (method,), {})
        assert unmet(derived, offering(), offering()) is Need.TRUTH


def test_variational_and_diffusion_methods_take_nonlinear_operators():
    for name in ("3dvar", "latent-3dvar", "lo-sda"):
        assert unmet(find_method(name), offering(), offering()) is None


def test_what_is_skipped_stands_in_the_json_object_and_the_others_run(bend, plugin):
    result = bend("3dvar", plugin("Linear"), plugin("Known"))
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    text = SENTENCES[Need.LINEAR_OPERATOR]
    assert summary["skipped"] == {plugin(n): {"reason": "linear-operator", "text": text} for n in ("Linear", "Known")}
    assert list(summary["methods"]) == ["background", "climatology", "3dvar"]
    assert list(summary["experiment"]["ids"]) == ["background", "climatology", "3dvar"]
    assert summary["experiment"]["observing"]["operator"] == "arctan"
    assert summary["methods"]["3dvar"]["relative_error"]["value"] < 1


def test_the_reason_depends_on_what_is_missing(bend, plugin):
    summary = json.loads(bend(plugin("Linear"), plugin("Known"), operator="state").stdout)
    assert {label: why["reason"] for label, why in summary["skipped"].items()} == {plugin("Known"): "exact-posterior"}
    assert plugin("Linear") in summary["methods"]


def test_the_table_has_a_line_for_each(bend, plugin, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    result = bend("3dvar", plugin("Linear"), options=())
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    (line,) = (line for line in lines if "skipped" in line)
    assert line.rstrip() == f"{plugin('Linear')}: skipped (linear-operator): {SENTENCES[Need.LINEAR_OPERATOR]}"
    headline = next(i for i, text in enumerate(lines) if text.startswith("Relative error:"))
    cost = next(i for i, text in enumerate(lines) if text.startswith("Cost of a case"))
    assert headline < lines.index(line) < cost


def test_the_baselines_are_shown_where_all_else_is_skipped(bend, plugin):
    summary = json.loads(bend(plugin("Linear")).stdout)
    assert list(summary["methods"]) == ["background", "climatology"]
    assert list(summary["skipped"]) == [plugin("Linear")]


def test_nothing_is_trained_for_what_is_skipped(bend, plugin):
    assert bend(plugin("Untrained")).exit_code == 0
    assert bend(plugin("Untrained"), operator="state").exit_code == 2


def test_a_wrong_parameter_is_told_though_the_method_is_skipped(perform, plugin, tmp_path):
    with pytest.raises(BenchError, match="no parameter 'buy'"):
        perform(tmp_path / "results", f"{plugin('Known')}[buy=1]")


def test_parameters_of_outer_loops_do_not_count_where_the_operator_is_linear():
    method = find_method("3dvar")(loops=3)
    assert "loops" in method.identity(linear=False)
    assert method.identity(linear=False) == method.parameters
    assert method.identity(linear=True) == {k: v for k, v in method.parameters.items() if k not in ("loops", "fall")}
