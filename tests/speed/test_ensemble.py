"""Speed of the ensemble filters, against DAPPER's in the same run, and the memory of local analyses.

make speed
"""

import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import torch

from benchmark.observing import ObservingSpec, ObservingSystem
from benchmark.problem import CaseNoise
from benchmark.running.cases import make_problem
from benchmark.running.cycling import cycle
from benchmark.training.context import open_workspace
from benchmark.worlds import load_spec, open_world
from methods.registry import find_method

CYCLES = 400


@pytest.fixture(scope="module")
def dapper_seconds() -> float:
    """Seconds of a cycle of DAPPER's LETKF, model step included."""
    dapper = pytest.importorskip("dapper")
    from dapper.da_methods.ensemble import LETKF
    from dapper.mods.Lorenz96.sakov2008 import HMM

    dapper.set_seed(1)
    hmm = HMM.copy()
    hmm.tseq.Ko = CYCLES - 1
    truth, observed = hmm.simulate()
    method = LETKF(N=10, infl=1.04, rot=True, loc_rad=6)
    started = time.perf_counter()
    method.assimilate(hmm, truth, observed)
    return (time.perf_counter() - started) / CYCLES


def our_seconds(seeds: int) -> float:
    world = open_world(load_spec("lorenz96"))
    spec = ObservingSpec.make(**world.spec.observing)
    system = ObservingSystem(spec, world.grid, world.channels, world.normalisation, world.name)
    method = find_method("letkf")(centre="ensemble", inflation=1.04, rotate=True, unit="cells", radius=6.0)
    cycle(method, world, system, range(seeds), 20, 10)
    return cycle(method, world, system, range(seeds), CYCLES, 10).seconds / seeds


@pytest.mark.parametrize(("seeds", "times"), [(1, 5), (32, 30)])
def test_letkf_on_lorenz96_against_dapper(dapper_seconds, seeds, times):
    ours = our_seconds(seeds)
    print(
        f"\nLETKF, Lorenz-96, N = 10: DAPPER {dapper_seconds * 1e3:.2f} ms a cycle, ours {ours * 1e3:.3f} ms a cycle "
        f"and seed with {seeds} seeds: {dapper_seconds / ours:.1f} times as fast"
    )
    assert dapper_seconds / ours > times


def test_letkf_on_the_twin():
    world, _ = open_workspace(load_spec("twin"), None, "cpu")
    system = ObservingSystem(
        ObservingSpec.make(obs_frac=0.01), world.grid, world.channels, world.normalisation, world.name
    )
    times = world.times("test")[:4]
    _, problem = make_problem(world, system, times, 20)
    method = find_method("letkf")(**world.spec.methods.get("letkf", {}))
    seconds = []
    with torch.no_grad():
        for _ in range(3):
            started = time.perf_counter()
            method.analyse(problem, 20, CaseNoise(range(len(times))))
            seconds.append((time.perf_counter() - started) / len(times))
    print(f"\nLETKF on the twin, 20 members, 1 %: {np.median(seconds):.3f} s a case")
    assert np.median(seconds) < 1.0


MEMORY = """
    import resource
    import numpy as np, torch
    from benchmark.problem import CaseNoise, Channel, Grid, LinearOperator, Observations, Problem
    from methods.registry import find_method

    rows, columns, channels, members, count = 121, 240, 16, 40, 10_000
    grid = Grid(tuple(np.linspace(-90, 90, rows)), tuple(np.arange(columns) * 1.5))
    names = [Channel(v, level) for v in "ztuvq" for level in (850, 500, 250)] + [Channel("sp")]
    generator = torch.Generator().manual_seed(0)
    ensemble = torch.randn(1, members, channels, rows, columns, generator=generator)
    index = torch.randint(channels * rows * columns, (1, count, 1), generator=generator)
    place = index[..., 0] % (rows * columns)
    operator = LinearOperator(index, torch.ones(1, count, 1), (channels, rows, columns))
    observations = Observations(
        torch.randn(1, count, generator=generator), torch.full((1, count), 0.5), operator,
        index[..., 0] // (rows * columns), torch.tensor(grid.latitude).float()[place // columns],
        torch.tensor(grid.longitude).float()[place % columns], ("",),
    )
    problem = Problem(ensemble.mean(1), ensemble.mean(1) * 0, observations, grid, tuple(names),
                      np.array(["2012-01-01"], "datetime64[ns]"), ensemble)
    with torch.no_grad():
        analysis = find_method("letkf")(radius=600.0).analyse(problem, members, CaseNoise([0]))
    assert torch.isfinite(analysis.members).all()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


def test_memory_of_local_analyses_on_a_large_grid():
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(MEMORY)], capture_output=True, text=True, check=True)
    peak = float(done.stdout)
    seconds = time.perf_counter() - started
    print(f"\nLETKF, 240 x 121 x 16, 40 members, 10,000 values: {peak:.2f} GiB at most, {seconds:.0f} s")
    assert peak * 2**30 < 4e9
