"""The covariances of optimal interpolation as `bench train` and `bench run` make them."""

import json

import pytest
import torch

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError
from benchmark.running.executing import execute
from benchmark.running.request import RunRequest
from benchmark.training.context import Context, SilentReport, open_workspace
from benchmark.training.recipes import find_recipe, order, train
from benchmark.weights import Card
from benchmark.worlds import load_spec
from methods.priors.pair_statistics import PairStatistics


@pytest.fixture
def context(small_world, tmp_path):
    """(overrides) -> a context on a copy of the small world, where nobody has fitted pairs yet."""
    own = small_world.copy(tmp_path / "copy")
    (own.cards / "pair-statistics.json").unlink(missing_ok=True)

    def make(overrides=None):
        world, store = open_workspace(load_spec(own.world), own.weights, "cpu")
        return Context(world, store, torch.device("cpu"), SilentReport(), overrides or {})

    return make


def test_it_is_quick_and_comes_after_the_forecaster(context):
    assert find_recipe("pair-statistics").quick
    assert order(["pair-statistics"], context()) == ["forecaster", "pair-statistics"]


def test_what_is_stored_is_what_the_archive_says(context):
    made = context({"pair-statistics": {"stations": 40, "times": 300}})
    assert train("interpolation", made) == ["pair-statistics"]
    stored, card = made.store.load(PairStatistics)
    assert card.training == {"stations": 40, "times": 300}
    assert set(card.depends) == {"forecaster"}
    fitted = PairStatistics.fit(made.archive, 40, 300)
    for name, B in fitted.covariances.items():
        # single precision, which the store keeps
        torch.testing.assert_close(stored.covariances[name].weights, B.weights, atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(stored.covariances[name].std, B.std, atol=0, rtol=1e-6)
        shares = card.scores[f"share of the variance by length [km], {name}"]
        assert sum(shares.values()) == pytest.approx(1, abs=0.01)
    # the errors are those of the archive's backgrounds, which never saw the day
    error = (made.archive.background - made.archive.truth)[torch.linspace(0, len(made.archive) - 1, 300).round().long()]
    torch.testing.assert_close(
        stored.covariances["background"].std, error.double().square().mean((0, 3)).sqrt(), atol=0, rtol=1e-5
    )


def test_training_it_again_gives_the_same_weights(context):
    hashes = []
    for _ in range(2):
        assert train("pair-statistics", context(), again=True) == ["pair-statistics"]
        hashes.append(context().store.find("pair-statistics")[1].sha256)
    assert hashes[0] == hashes[1]


def test_a_wrong_setting_is_named(context):
    with pytest.raises(BenchError, match=r"pair-statistics\.stations.*greater than 1"):
        train("pair-statistics", context({"pair-statistics": {"stations": 1}}))


def test_a_run_makes_it_by_itself_and_it_is_worth_it(small_world, bench, tmp_path):
    own = small_world.copy(tmp_path / "copy")
    (own.cards / "pair-statistics.json").unlink(missing_ok=True)
    methods = ("interpolation", "interpolation[first_guess=climatology]", "interpolation[covariance=archive]")
    chosen = [word for method in methods for word in ("--method", method)]
    result = bench("run", *chosen, "--cases", 24, "--obs-frac", 0.2, "--out", tmp_path / "out", "--json", *own.options)
    assert result.exit_code == 0, result.stderr
    assert Card.read(own.cards / "pair-statistics.json").component == "pair-statistics"
    found = json.loads(result.stdout)["methods"]
    assert found["interpolation"]["relative_error"]["high"] < 0.9
    assert found["interpolation[covariance=archive]"]["relative_error"]["high"] < 0.9
    # each first guess with a covariance of its own: the worse one gains more
    climatology, guess = (found[m]["relative_error"]["value"] for m in ("climatology", methods[1]))
    assert guess < 0.9 * climatology


def test_where_errors_are_isotropic_it_is_as_good_as_the_true_covariance(tmp_path):
    class Silent:
        start = step = staticmethod(lambda *arguments: None)

    methods = ("interpolation", "interpolation[covariance=archive]")
    request = RunRequest(
        world=load_spec("gaussian"),
        observing=ObservingSpec(obs_frac=0.05),
        methods=methods,
        cases=32,
        out=tmp_path / "out",
        weights=tmp_path / "weights",
        device="cpu",
    )
    found = execute(request, Silent()).summary["methods"]
    fitted, known = (found[method]["relative_error"]["value"] for method in methods)
    assert known < 0.8
    # the true covariance is the best there is; a fitted one's excess is of second order in what it misses
    assert -1e-4 < fitted - known < 1e-3
