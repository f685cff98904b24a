"""Pictures: whole PNG files, of what they should be, for the user's own data and runs."""

import dataclasses
import json

import numpy as np
import pytest
import xarray as xr
from matplotlib.image import imread

from benchmark.pictures.atmosphere import atmosphere_pictures
from benchmark.pictures.case import CaseFields, case_pictures
from benchmark.problem import BenchError, Channel, Grid, describe
from benchmark.worlds import Fields, WorldSpec

LEVELS = (250, 500, 850)


@pytest.fixture(scope="module")
def globe(tmp_path_factory):
    """A global world of noise, daily, two training years."""
    times = np.arange("2001-01-01", "2005-01-01", dtype="datetime64[D]").astype("datetime64[ns]")
    lat, lon = np.linspace(-78.75, 78.75, 8), np.arange(0, 360, 22.5)
    noise = np.random.default_rng(0)
    mean = {"t": (270.0, 5.0), "u": (0.0, 9.0), "v": (0.0, 9.0), "q": (5e-3, 1e-3)}
    heights = {250: 1.0e5, 500: 5.4e4, 850: 1.4e4}
    data = {
        f"{v}{p}": (
            ("time", "latitude", "longitude"),
            (middle + spread * noise.normal(size=(len(times), 8, 16))).astype(np.float32),
            {"units": describe(v).unit},
        )
        for v in "ztuvq"
        for p in LEVELS
        for middle, spread in [mean.get(v, (heights[p], 500.0))]
    }
    path = tmp_path_factory.mktemp("globe") / "globe.nc"
    xr.Dataset(data, {"time": times, "latitude": lat, "longitude": lon}).to_netcdf(path, engine="h5netcdf")
    settings = {"name": "globe", "path": str(path), "channels": list(data), "background": {"kind": "persistence"}}
    return Fields(WorldSpec.model_validate({**settings, "train": "2001-2002", "validate": 2003, "test": 2004}))


def test_an_atmosphere_is_drawn(globe, tmp_path):
    paths = atmosphere_pictures(globe, tmp_path / "new")
    assert [p.name for p in paths] == ["jets.png", "eddies.png", "spectrum.png", "storm-tracks.png", "humidity.png"]
    for path in paths:
        image = imread(path)
        assert image.std() > 0.01
        assert min(image.shape[:2]) > 200


def test_a_world_without_wind_cannot_be_drawn_as_an_atmosphere(globe, tmp_path):
    spec = globe.spec.model_copy(update={"channels": tuple(c for c in globe.spec.channels if not c.startswith("v"))})
    with pytest.raises(BenchError, match="'globe' has no v250"):
        atmosphere_pictures(Fields(spec), tmp_path)


@pytest.fixture
def case():
    grid = Grid(tuple(range(-80, 81, 20)), tuple(range(0, 360, 30)))
    fields = np.random.default_rng(1).normal(size=(3, 3, 9, 12))
    channels = (Channel("z", 500), Channel("z", 850), Channel("sp"))
    sites = [(np.array([10.0, 20.0]), np.array([30.0, 60.0]))] * 2 + [(np.array([]), np.array([]))]
    return CaseFields("a[b=1,c=d/e]", "a title", *fields, sites, channels, grid, False)


def test_a_case_has_a_picture_a_variable(case, tmp_path):
    paths = case_pictures(case, tmp_path)
    assert [p.name for p in paths] == ["case-a_b=1_c=d_e_-z.png", "case-a_b=1_c=d_e_-sp.png"]
    two, one = (imread(path).shape for path in paths)
    assert two[1] == one[1]
    assert two[0] > 1.5 * one[0]


def test_a_perfect_analysis_can_be_drawn(case, tmp_path):
    assert case_pictures(dataclasses.replace(case, background=case.truth, analysis=case.truth), tmp_path)


def test_a_run_draws_its_middle_case(bench, small_world, tmp_path):
    options = (*small_world.options, "--cases", 3, "--obs-frac", 0.1, "--out", tmp_path / "results")
    methods = ("--method", "background", "--method", "3dvar", "--method", "lo-sda")
    result = bench("run", *methods, *options, "--plot", tmp_path / "pictures", "--json")
    assert result.exit_code == 0, result.stderr
    found = sorted(p.name for p in (tmp_path / "pictures").iterdir())
    # the background is drawn beside every analysis
    cases = [f"case-{m}-{v}.png" for m in ("3dvar", "lo-sda") for v in ("msl", "t")]
    assert found == sorted([*cases, "rmse.png"])
    assert json.loads(result.stdout)["cases"] == 3


def test_a_folder_that_is_none_ends_with_a_message(bench, small_world, tmp_path):
    (tmp_path / "taken").write_text("")
    options = (*small_world.options, "--cases", 2, "--obs-frac", 0.1, "--out", tmp_path / "results")
    result = bench("run", "--method", "3dvar", *options, "--plot", tmp_path / "taken")
    assert result.exit_code == 2
    assert "taken" in result.stderr
    assert "choose another folder" in result.stderr
