"""The WeatherBench 2 reference: its numbers and the inputs that they belong to."""

import functools
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.fixture(scope="session")
def golden() -> dict[str, Any]:
    """Contents of `weatherbench2.json`; a missing file fails."""
    return json.loads((GOLDEN / "weatherbench2.json").read_text())


@pytest.fixture(scope="session")
def golden_inputs(golden: dict[str, Any]) -> Callable[[str], tuple[xr.Dataset, xr.Dataset, xr.Dataset]]:
    """Forecast ensemble, truth and climatology on the grid `cell-centred` or `with-poles`."""
    spec = importlib.util.spec_from_file_location("golden_inputs", GOLDEN / "inputs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return functools.cache(lambda grid: module.make(golden["seed"], poles=grid == "with-poles"))
