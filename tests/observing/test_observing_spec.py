"""The observing specification: defaults, errors that name the field, identity."""

import re
from pathlib import Path

import pytest

from benchmark.observing import ObservingSpec
from benchmark.problem import BenchError, hash_json


def test_defaults() -> None:
    spec = ObservingSpec.make()
    assert spec.identity() == {
        "network": "random",
        "obs_frac": 0.01,
        "draw": "area",
        "obs_vars": [],
        "obs_std": 0.05,
        "seed": 0,
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"obs_frac": 0}, "obs_frac=0: .* greater than 0; give a fraction"),
        ({"obs_frac": 5}, "obs_frac=5: .* less than or equal to 1; .* 0.01 is 1 %"),
        ({"obs_frac": float("nan")}, "obs_frac=nan: .*give a fraction"),
        ({"network": "randon"}, "network='randon': .*choose one of random, columns, grid and stations"),
        ({"network": "stations"}, "stations=None: network=stations needs a stations file; give a CSV"),
        ({"stations": "a.csv"}, "stations='a.csv': network=random does not read a stations file"),
        ({"draw": "cell"}, "draw='cell': .*choose area or index"),
        ({"obs_vars": 3}, "obs_vars=3: .*give names of channels or variables"),
        ({"obs_std": -0.1}, "obs_std=-0.1: it is negative; give a number, zero or more"),
        ({"obs_std": {"z": -1}}, "obs_std={'z': -1}: z is negative"),
        ({"obs_std": {"z": "x"}}, "obs_std=.*give a number"),
        ({"obs_std": {}}, "obs_std={}: it names nothing"),
        ({"obs_std": {"z": 1, "geopotential": 2}}, "obs_std=.*it names z twice"),
        ({"obs_std": "nothing.yaml"}, "'nothing.yaml' is neither a number nor a readable YAML file"),
        ({"seed": 1.5}, "seed=1.5: .*give a whole number"),
        ({"obs_fraction": 0.1}, "Observations have no setting 'obs_fraction'; did you mean 'obs_frac'"),
    ],
)
def test_errors_name_the_field_and_the_cure(settings: dict[str, object], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        ObservingSpec.make(**settings)


def test_flags_and_yaml_may_give_text() -> None:
    spec = ObservingSpec.make(obs_frac="0.1", obs_vars="z500, t", obs_std="0.2", seed="3")
    assert (spec.obs_frac, spec.obs_vars, spec.obs_std, spec.seed) == (0.1, ("z500", "t"), 0.2, 3)


def test_identity_knows_what_names_mean() -> None:
    one = ObservingSpec.make(obs_vars=("t850", "geopotential"), obs_std={"temperature": 1, "z": 50})
    two = ObservingSpec.make(obs_vars=("z", "temperature_850", "z"), obs_std={"z": 50.0, "t": 1.0})
    assert hash_json(one.identity()) == hash_json(two.identity())


def test_every_setting_of_a_network_is_in_its_identity() -> None:
    base = ObservingSpec.make()
    changes: list[dict[str, object]] = [
        {"obs_frac": 0.02},
        {"network": "columns"},
        {"draw": "index"},
        {"obs_vars": "z"},
        {"obs_std": 0.1},
        {"obs_std": {"z": 0.05}},
        {"seed": 1},
    ]
    hashes = {hash_json(ObservingSpec.make(**change).identity()) for change in changes}
    assert len(hashes | {hash_json(base.identity())}) == len(changes) + 1


def test_what_a_network_ignores_is_not_in_its_identity(tmp_path: Path) -> None:
    grid = [ObservingSpec.make(network="grid", draw=draw).identity() for draw in ("area", "index")]
    assert grid[0] == grid[1]
    file, copy, other = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    file.write_text("id,lat,lon\na,0,0\n")
    copy.write_text("id,lat,lon\na,0,0\n")
    other.write_text("id,lat,lon\na,0,1\n")
    one, two, three = (
        ObservingSpec.make(network="stations", stations=path, obs_frac=frac).identity()
        for path, frac in ((file, 0.01), (copy, 0.5), (other, 0.01))
    )
    assert one == two != three
    assert "obs_frac" not in one
    assert str(tmp_path) not in str(one)


def test_missing_stations_file(tmp_path: Path) -> None:
    spec = ObservingSpec.make(network="stations", stations=tmp_path / "none.csv")
    with pytest.raises(BenchError, match=re.escape("none.csv cannot be read (No such file or directory)")):
        spec.identity()
