"""A planet of ten wavenumbers and five layers, three weeks long: it takes seconds."""

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.worlds.planet import PlanetSettings
from benchmark.worlds.planet.making import make_planet

SMALL = {
    "start": datetime.date(2001, 1, 1),
    "end": datetime.date(2001, 1, 23),
    "spin_up_days": 4,
    "wavenumbers": 10,
    "layers": 5,
    "step_min": 60,
}


class Steps:
    """Hears of progress."""

    def __init__(self) -> None:
        self.total = self.done = 0

    def start(self, label: str, steps: int, done: int) -> None:
        self.total, self.done = steps, done

    def step(self, count: int = 1) -> None:
        self.done += count


@pytest.fixture(scope="session")
def settings() -> PlanetSettings:
    return PlanetSettings(**SMALL)


@pytest.fixture(scope="session")
def make() -> Callable[..., Steps]:
    """(settings, path) -> what its progress said at the end."""

    def run(settings: PlanetSettings, path: Path) -> Steps:
        steps = Steps()
        make_planet(settings, path, steps)
        return steps

    return run


@pytest.fixture(scope="session")
def archive(settings: PlanetSettings, make: Callable[..., Steps], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole archive; not to be changed."""
    path = tmp_path_factory.mktemp("planet") / "small.zarr"
    assert make(settings, path).done == 27
    return path
