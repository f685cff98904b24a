"""What is trained, in which order, with which settings."""

import pytest
import yaml

from benchmark.problem import BenchError
from benchmark.training.autoencoder import AutoencoderSettings
from benchmark.training.context import Context, SilentReport, choose_device, open_workspace
from benchmark.training.recipes import find_recipe, order, train
from benchmark.worlds import load_spec


@pytest.fixture
def context(small_world):
    """A context on the small world, with overrides of settings and changes to its YAML."""

    def make(overrides=None, **changes):
        spec = load_spec(small_world.world).model_copy(update=changes)
        world, store = open_workspace(spec, small_world.weights, "cpu")
        return Context(world, store, choose_device("cpu"), SilentReport(), overrides or {})

    return make


@pytest.fixture
def persistence(small_world, tmp_path):
    """The small world with yesterday's state as its background."""
    settings = yaml.safe_load(small_world.world.read_text()) | {"background": {"kind": "persistence"}}
    file = tmp_path / "persistence.yaml"
    file.write_text(yaml.safe_dump(settings))
    world, store = open_workspace(load_spec(file, small_world.data), tmp_path / "weights", "cpu")
    return Context(world, store, choose_device("cpu"), SilentReport())


def test_everything_comes_after_what_it_needs(context):
    assert order(["latent-prior"], context()) == ["forecaster", "autoencoder", "latent-prior"]
    assert order(["background-error", "latent-prior"], context()) == [
        *("forecaster", "background-error", "autoencoder", "latent-prior")
    ]


def test_a_world_without_a_forecaster_trains_none(persistence):
    assert order(["latent-prior"], persistence) == ["autoencoder", "latent-prior"]
    with pytest.raises(BenchError, match="'persistence': there is no forecaster to train"):
        find_recipe("forecaster").run(persistence)
    assert persistence.hashes(("forecaster", "autoencoder")) == {}


def test_what_is_there_is_not_trained_again(context):
    assert train("lo-sda", context()) == []
    assert train("3dvar", context()) == []
    assert train("background", context()) == []


@pytest.mark.parametrize(
    ("target", "again", "made"),
    [
        ("background-error", True, ["background-error"]),
        ("latent-3dvar", True, ["autoencoder", "latent-prior"]),
        ("forecaster", True, ["forecaster"]),
    ],
)
def test_again_trains_the_target_and_what_builds_on_it(context, monkeypatch, target, again, made):
    run = []
    for name in ("forecaster", "autoencoder", "latent-prior", "background-error"):
        monkeypatch.setattr(type(find_recipe(name)), "run", lambda self, context: run.append(self.kind.name))
    assert train(target, context(), again) == made == run


def test_settings_keep_the_defaults_that_nobody_replaces(context):
    default = AutoencoderSettings()
    found = context({"autoencoder": {"plan": {"batch": 7}}}).settings("autoencoder", AutoencoderSettings)
    assert (found.plan.batch, found.plan.epochs, found.plan.rate) == (7, 3, default.plan.rate)
    assert found.backbone == {"kind": default.backbone["kind"], "width": 8, "blocks": 1}
    assert (found.latent_channels, found.recon_std) == (8, default.recon_std)


def test_the_users_settings_go_before_the_worlds(context):
    given = {"autoencoder": {"plan": {"epochs": 9}, "latent_channels": 3}}
    found = context(given).settings("autoencoder", AutoencoderSettings)
    assert (found.plan.epochs, found.latent_channels) == (9, 3)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"autoencodr": {"patch": 2}}, "no component called 'autoencodr'; did you mean 'autoencoder'"),
        ({"autoencoder": {"pach": 2}}, r"autoencoder\.pach.*docs/methods\.md"),
        ({"autoencoder": {"patch": -1}}, r"autoencoder\.patch.*greater than 0"),
        ({"autoencoder": {"plan": {"epochs": "many"}}}, r"autoencoder\.plan\.epochs.*integer"),
        ({"autoencoder": 5}, r"autoencoder=5: write autoencoder\.KEY=value"),
        (
            {"autoencoder": {"backbone": {"widht": 8}}},
            r"backbone\.widht: there is no such.*did you mean 'width'",
        ),
        ({"autoencoder": {"backbone": 5}}, r"autoencoder\.backbone.*dictionary"),
        ({"autoencoder": {"backbone": {"kind": "dense"}}}, "'convolutional' or 'transformer', not 'dense'"),
    ],
)
def test_a_wrong_setting_is_named(context, overrides, message):
    with pytest.raises(BenchError, match=message):
        train("autoencoder", context(overrides), again=True)


def test_a_wrong_setting_in_the_world_is_named(context):
    with pytest.raises(BenchError, match="no component called 'encoder'"):
        train("autoencoder", context(training={"encoder": {"patch": 2}}))


def test_an_unknown_target_is_named(context):
    with pytest.raises(BenchError, match="Nothing called 'lo-sd' can be trained; did you mean 'lo-sda'"):
        train("lo-sd", context())


def test_an_unknown_device_is_named():
    with pytest.raises(BenchError, match=r"no device 'gpu'.*--device cpu"):
        choose_device("gpu")
