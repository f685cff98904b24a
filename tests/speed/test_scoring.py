"""Speed of scoring, against WeatherBench 2's own code and a bare numpy pass in the same run, and its memory.

    make speed

WeatherBench 2 is not on the package index; where it is not installed, its comparisons are skipped.
"""

import subprocess
import sys
import textwrap
import time

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from benchmark.problem import Grid, parse_channel
from metrics import Scorer, region_weights

GRID = Grid(tuple(-90 + 180 / 32 * (np.arange(32) + 0.5)), tuple(np.arange(64) * 360 / 64))
LEVELS = (250, 500, 850)
VARIABLES = {
    "z": "geopotential",
    "t": "temperature",
    "u": "u_component_of_wind",
    "v": "v_component_of_wind",
    "q": "specific_humidity",
}
CHANNELS = [parse_channel(f"{v}{level}") for v in VARIABLES for level in LEVELS] + [parse_channel("t2m")]
TIMES = pd.date_range("2020", periods=365)
WHOLE = {"global": region_weights(GRID, "global")}


def draw(members, cases):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(cases, len(CHANNELS), *GRID.shape))
    return x[:, None] + rng.normal(size=(cases, members, len(CHANNELS), *GRID.shape)), x


def as_dataset(fields):
    """(time, [realization], channel, latitude, longitude) -> WeatherBench 2's layout."""
    lead = ["time", "realization"][: fields.ndim - 3]
    space = {"latitude": np.array(GRID.latitude), "longitude": np.array(GRID.longitude)}
    data = {}
    for i, name in enumerate(VARIABLES.values()):
        levels = np.ascontiguousarray(np.moveaxis(fields[..., 3 * i : 3 * i + 3, :, :], -3, len(lead)))
        data[name] = ([*lead, "level", *space], levels)
    data["2m_temperature"] = ([*lead, *space], np.ascontiguousarray(fields[..., -1, :, :]))
    coords = {"time": TIMES[: len(fields)], "level": list(LEVELS), **space}
    if len(lead) == 2:
        coords["realization"] = np.arange(fields.shape[1])
    return xr.Dataset(data, coords)


def seconds(function, repeats=5):
    """The least: what other work on the machine adds is not the function's."""
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        found.append(time.perf_counter() - started)
    return min(found)


@pytest.fixture(scope="module")
def wb2():
    return pytest.importorskip(
        "weatherbench2.metrics", reason="weatherbench2 is not installed: pip install it from git"
    )


def test_deterministic_scores_against_weatherbench2(wb2):
    members, x = draw(1, len(TIMES))
    climatology = np.random.default_rng(1).normal(size=(366, len(CHANNELS), *GRID.shape))
    c = climatology[TIMES.day_of_year - 1]
    f, t = as_dataset(members[:, 0]), as_dataset(x)
    clim = as_dataset(climatology[:365]).rename(time="dayofyear").assign_coords(dayofyear=np.arange(1, 366))
    metrics = [wb2.MSE(), wb2.ACC(climatology=clim), wb2.Bias(), wb2.MAE()]
    theirs = seconds(lambda: [metric.compute(f, t) for metric in metrics])
    scorer = Scorer(GRID, CHANNELS, WHOLE, ["mse", "acc", "bias", "mae"])
    ours = seconds(lambda: scorer.compute(members, x, c, None))

    def floor():
        """One pass of numpy over everything: the mean square error alone."""
        return ((members[:, 0] - x) ** 2).reshape(-1, 2048) @ WHOLE["global"].ravel()

    bare = seconds(floor)
    acc = scorer.compute(members, x, c, None).mean(0)[[k.statistic == "acc" for k in scorer.keys(1)]]
    expected = wb2.ACC(climatology=clim).compute(f, t)
    np.testing.assert_allclose(acc[-1], expected["2m_temperature"].item(), rtol=1e-9)
    print(
        f"\nMSE, ACC, bias, MAE of 365 cases, 16 channels: WeatherBench 2 {theirs:.3f} s, ours {ours:.3f} s "
        f"({theirs / ours:.1f} times as fast), numpy's mean square error alone {bare:.3f} s"
    )
    assert theirs > 5 * ours


def test_crps_against_weatherbench2(wb2):
    cases = 20
    members, x = draw(20, cases)
    f, t = as_dataset(members), as_dataset(x)
    # of values that it has just seen it remembers half of the answer
    others = iter([f + shift for shift in range(5)])
    theirs = seconds(lambda: wb2.CRPS().compute(next(others), t))
    scorer = Scorer(GRID, CHANNELS, WHOLE, ["crps_skill", "crps_spread"])
    ours = seconds(lambda: scorer.compute(members, x, None, None))
    bare = seconds(lambda: np.abs(members - x[:, None]).mean(1))
    values = scorer.compute(members, x, None, None).mean(0).reshape(2, len(CHANNELS))
    expected = wb2.CRPS().compute(f, t)["2m_temperature"].item()
    np.testing.assert_allclose(values[0, -1] - values[1, -1] / 2, expected, rtol=1e-9)
    print(
        f"\nCRPS of {cases} cases, 16 channels, 20 members: WeatherBench 2 {theirs:.3f} s, ours {ours:.3f} s "
        f"({theirs / ours:.1f} times as fast), numpy's mean absolute errors alone {bare:.3f} s"
    )
    assert theirs > 5 * ours


@pytest.mark.parametrize(("members", "limit"), [(1, 2e-3), (8, 10e-3), (20, 25e-3)])
def test_all_statistics_of_a_case(members, limit):
    """All of them in all regions; the limits leave room for a busy machine."""
    fields, x = draw(members, 16)
    scorer = Scorer(GRID, CHANNELS)
    scorer.compute(fields[:1], x[:1], x[:1], x[:1])
    case = seconds(lambda: scorer.compute(fields, 0.5 * x, 0.9 * x, 0.8 * x), 10) / 16
    numbers = len(scorer.keys(members))
    print(f"\n{members} members: {case * 1e3:.2f} ms a case, {numbers} numbers in {len(scorer.domain.regions)} regions")
    assert case < limit


YEAR = """
    import resource, sys, time
    import numpy as np
    import pandas as pd
    import xarray as xr
    import zarr
    from metrics import score_files

    times, grid = 365, {"latitude": np.linspace(-90, 90, 721), "longitude": np.arange(1440) * 0.25}

    def store(path, value, lead):
        # all chunks but one are the fill value, and are not there
        coords = {**lead, **grid}
        xr.Dataset(coords=coords).to_zarr(path, zarr_format=3, consolidated=False)
        shape = [len(axis) for axis in coords.values()]
        chunks = (*[1] * len(lead), *shape[-2:])
        root = zarr.open_group(path, mode="a")
        field = root.create_array(
            "2m_temperature", shape=shape, chunks=chunks, dtype="f4", fill_value=value, dimension_names=list(coords)
        )
        field[(0,) * len(lead)] = value + 2

    folder, year = sys.argv[1], {"time": pd.date_range("2019", periods=times)}
    store(folder + "/analysis.zarr", 281.0, year)
    store(folder + "/truth.zarr", 280.0, year)
    store(folder + "/climatology.zarr", 279.0, {"hour": [0], "dayofyear": np.arange(1, 367)})
    started = time.perf_counter()
    scores = score_files(*(f"{folder}/{name}.zarr" for name in ("analysis", "truth", "climatology")))
    assert abs(scores["bias"]["2m_temperature"] - 1) < 1e-6, scores
    assert abs(scores["acc"]["2m_temperature"] - 1) < 1e-6, scores
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"a year of 1440 x 721: {time.perf_counter() - started:.1f} s, {peak:.2f} GiB at most")
    sys.exit(peak > 2e9 / 2**30)
"""


def test_a_year_at_a_quarter_of_a_degree_is_streamed(tmp_path):
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(YEAR), str(tmp_path)], capture_output=True, text=True
    )
    print("\n" + run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
