"""Worlds on the small region over Greenwich."""

from collections.abc import Callable

import pytest
import xarray as xr

from benchmark.worlds import Fields, WorldSpec


@pytest.fixture
def spec() -> Callable[..., WorldSpec]:
    """A world of the region: train 2001-2002, validate 2003, test 2004, persistence of 24 h."""

    def make(path: str = "", **changes: object) -> WorldSpec:
        settings = {
            "name": "region",
            "path": path,
            "channels": ["z500", "t850", "msl"],
            "train": "2001-2002",
            "validate": 2003,
            "test": 2004,
            "background": {"kind": "persistence"},
        }
        return WorldSpec.model_validate(settings | changes)

    return make


@pytest.fixture
def world(
    region: Callable[..., xr.Dataset], save: Callable[..., str], spec: Callable[..., WorldSpec]
) -> Callable[..., Fields]:
    """The region's world, with changes to its spec or data."""

    def make(ds: xr.Dataset | None = None, **changes: object) -> Fields:
        return Fields(spec(save(region() if ds is None else ds), **changes))

    return make
