"""Methods that peek at the truth are caught by the clause on it, however they come by a world."""

import re

import pytest
import torch

from benchmark.problem import BenchError
from benchmark.running.contract import check_method
from benchmark.running.contract.sealing import sealed
from benchmark.worlds import Gaussian, load_spec, open_world

OPEN = "from benchmark.worlds import Gaussian, load_spec, open_world\n"
PEEK = "return Analysis.of(world.truth(problem.times)[:, None], Cost())"

# what it does -> (before the class, body of `analyse`, a part of what is told)
PEEKS = {
    "opens a world": (OPEN, f"world = open_world(load_spec('gaussian-ring'))\n{PEEK}", r"opened a world \(Gaussian\)"),
    "makes one by its class": (OPEN, f"world = Gaussian(load_spec('gaussian-ring'))\n{PEEK}", "opened a world"),
    "asks the garbage collector": (
        OPEN + "import gc",
        # tests before this one may have left worlds of other grids and other years behind
        f"""
world = [found for found in gc.get_objects() if type(found) is Gaussian and found.grid.shape == problem.grid.shape
         and set(problem.times) <= set(found.times("test"))][-1]
{PEEK}
""",
        r"asked for 'grid' of a world \(Gaussian\)",
    ),
    "looks at the stack": (
        OPEN + "import sys",
        f"""
frame, world = sys._getframe(), None
while world is None:
    frame = frame.f_back
    world = next((vars(v)["world"] for v in frame.f_locals.values() if hasattr(v, "__dict__") and "world" in vars(v)
                  and isinstance(vars(v)["world"], Gaussian)), None)
{PEEK}
""",
        r"of a world \(Gaussian\)",
    ),
    "keeps one in a global": (OPEN + "world = open_world(load_spec('gaussian-ring'))", PEEK, "holds a world"),
    "keeps what one said": (
        OPEN + "world = open_world(load_spec('gaussian-ring'))\nknown = world.truth(world.times('test'))\n"
        "where = {t: i for i, t in enumerate(world.times('test'))}\ndel world",
        "return Analysis.of(torch.stack([known[where[t]] for t in problem.times])[:, None], Cost())",
        "an array with 100% of the values",
    ),
}


def truth_clause(label):
    (found,) = (f for f in check_method(label, cases=3).findings if f.clause == "truth")
    return found


@pytest.mark.parametrize("peek", PEEKS)
def test_a_method_that_peeks_is_caught(plugin, peek):
    more, body, told = PEEKS[peek]
    found = truth_clause(plugin("Point", body, more))
    assert found.verdict == "FAILED"
    assert re.search(told, found.why)


def test_a_method_that_swallows_the_refusal_is_caught_and_breaks_nothing_else(plugin):
    body = """
try:
    open_world(load_spec("gaussian-ring"))
except Exception:
    pass
return found
"""
    report = check_method(plugin("Point", body, OPEN), cases=3)
    assert [f.clause for f in report.findings if f.verdict == "FAILED"] == ["truth"]


def test_a_method_that_keeps_a_world_in_its_class_is_caught(write):
    code = f"{OPEN}\nclass Bad(Point):\n    atlas = (open_world(load_spec('gaussian-ring')),)\n"
    assert "holds a world" in truth_clause(f"{write(code)}:Bad").why


def test_sealed_worlds_raise_and_work_again_afterwards():
    world = open_world(load_spec("gaussian-ring"))
    times = world.times("test")[:2]
    before = world.truth(times)
    originals = Gaussian.__init__, Gaussian.__dict__.get("__getattribute__")
    with sealed() as tried:
        for attempt in (lambda: world.truth(times), lambda: world.archive("train"), lambda: world.spec):
            with pytest.raises(BenchError, match="sees the Problem and nothing else"):
                attempt()
        assert isinstance(world, Gaussian)
    assert len(tried) == 3
    assert torch.equal(world.truth(times), before)
    assert (Gaussian.__init__, Gaussian.__dict__.get("__getattribute__")) == originals
    with pytest.raises(KeyError), sealed():
        raise KeyError
    assert torch.equal(world.truth(times), before)
