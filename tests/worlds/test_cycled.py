"""The toy models against DAPPER's, and the world around them."""

import numpy as np
import pytest
import torch

from benchmark.problem import BenchError
from benchmark.worlds import load_spec, open_world
from benchmark.worlds.cycled import CycledSpec, CycledWorld
from benchmark.worlds.cycled.ks import KuramotoSivashinsky
from benchmark.worlds.cycled.lorenz63 import Lorenz63
from benchmark.worlds.cycled.lorenz96 import Lorenz96


def dapper_model(name):
    """(step, dt) of DAPPER's own model."""
    if name == "ks":
        model = pytest.importorskip("dapper.mods.KS").Model(dt=0.5)
        return model.step, 0.5
    module = pytest.importorskip(f"dapper.mods.{name}")
    return module.step, {"Lorenz63": 0.01, "Lorenz96": 0.05}[name]


@pytest.mark.parametrize(
    ("name", "model"), [("Lorenz63", Lorenz63()), ("Lorenz96", Lorenz96()), ("ks", KuramotoSivashinsky())]
)
def test_trajectories_are_dappers(name, model):
    step, dt = dapper_model(name)
    generator = torch.Generator().manual_seed(0)
    start = model.start()
    states = start + 0.1 * torch.randn(3, *start.shape, generator=generator, dtype=torch.float64)
    ours, theirs = states, states.flatten(1).numpy()
    for _ in range(60):
        ours = model.step(ours)
        theirs = np.stack([step(x, 0.0, dt) for x in theirs])
    np.testing.assert_allclose(ours.flatten(1).numpy(), theirs, atol=1e-9, rtol=0)


@pytest.mark.parametrize("model", [Lorenz63(), Lorenz96(), KuramotoSivashinsky()])
def test_models_are_differentiable(model):
    start = model.start()
    direction = torch.randn(start.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    _, tangent = torch.func.jvp(model.step, (start,), (direction,))
    h = 1e-6
    finite = (model.step(start + h * direction) - model.step(start - h * direction)) / (2 * h)
    torch.testing.assert_close(tangent, finite, atol=1e-6, rtol=1e-5)


def test_the_kuramoto_sivashinsky_start_is_dappers():
    model = pytest.importorskip("dapper.mods.KS").Model(dt=0.5)
    np.testing.assert_allclose(KuramotoSivashinsky().start().flatten().numpy(), model.x0, atol=1e-6)


@pytest.fixture(scope="module")
def world() -> CycledWorld:
    opened = open_world(load_spec("lorenz96"))
    assert isinstance(opened, CycledWorld)
    return opened


def test_the_climate_of_lorenz96(world):
    # Lorenz & Emanuel (1998): mean 2.3, std 3.6
    assert float(world.mean_state().mean()) == pytest.approx(2.35, abs=0.1)
    assert world.climate_std() == pytest.approx(3.64, abs=0.05)
    B = world.provide("background-error").covariance.dense()
    assert float(B.diagonal().mean()) == pytest.approx(world.climate_std() ** 2, rel=1e-3)
    assert world.provide("autoencoder") is None


def test_starts_depend_on_the_seed_only(world):
    several, alone = world.starts([3, 5], 4), world.starts([5], 2)
    torch.testing.assert_close(several[1, :3], alone[0], atol=0, rtol=0)
    assert not torch.equal(several[0], several[1])
    spread = (world.starts(range(200), 20) - world.model.start().float()).std()
    assert float(spread) == pytest.approx(0.001**0.5, rel=0.02)


def test_its_archive_is_the_free_run(world):
    archive = world.archive("train")
    departures = archive.background - archive.truth
    assert float(departures.std()) == pytest.approx(world.climate_std(), rel=0.02)
    assert len(np.intersect1d(archive.times, world.archive("validate").times)) == 0
    with pytest.raises(BenchError, match="cycled"):
        world.times("test")


@pytest.mark.parametrize(
    ("change", "message"),
    [({"model": "lorenz95"}, "no model 'lorenz95'"), ({"steps": 0}, "steps"), ({"cycle": 3}, "unknown field 'cycle'")],
)
def test_a_bad_description_is_refused(tmp_path, change, message):
    import yaml

    settings = {"kind": "cycled", "name": "mine", "model": "lorenz96", "start_std": 0.1, **change}
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(settings))
    with pytest.raises(BenchError, match=message):
        load_spec(file)


def test_a_setting_of_no_model_is_refused():
    spec = CycledSpec(name="mine", model="lorenz96", start_std=0.1, settings={"sice": 40})
    with pytest.raises(BenchError, match="sice"):
        open_world(spec)


def test_there_are_no_data_to_give():
    with pytest.raises(BenchError, match="reads no data"):
        load_spec("lorenz96", "somewhere.nc")
