"""The planet's archive: whole, in WeatherBench 2's layout, resumed to the same bits, and never quietly wrong."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from benchmark.files import file_hash, open_fields
from benchmark.problem import BenchError, parse_channel
from benchmark.worlds.planet import PLANET_CHANNELS, PlanetSettings
from benchmark.worlds.planet.archive import check_archive
from benchmark.worlds.planet.making import make_planet
from benchmark.worlds.planet.packing import step_of
from benchmark.worlds.reading import FieldReader

GRAVITY, DRY = 9.80665, 287.0


@pytest.fixture(scope="module")
def fields(archive):
    """Times and the fields of all channels, read as any world's."""
    channels = tuple(parse_channel(name) for name in PLANET_CHANNELS)
    reader = FieldReader(open_fields(archive), channels, str(archive))
    return dict(zip(PLANET_CHANNELS, reader.read(reader.times).swapaxes(0, 1), strict=True)), reader


def hashes(path: Path) -> dict[str, str]:
    """sha256 of all files but the record, which holds seconds."""
    return {str(f.relative_to(path)): file_hash(f) for f in path.rglob("*") if f.is_file() and f.name != "planet.json"}


def test_layout_is_weatherbenchs(archive, settings):
    ds = xr.open_zarr(archive)
    assert ds["geopotential"].dims == ("time", "level", "longitude", "latitude")
    assert ds["surface_pressure"].dims == ("time", "longitude", "latitude")
    assert ds["level"].values.tolist() == [250, 500, 850]
    np.testing.assert_array_equal(ds["time"].values, settings.times)
    assert ds["longitude"].values[:2].tolist() == [0.0, 11.25]
    assert {ds[v].attrs["units"] for v in ("u_component_of_wind", "v_component_of_wind")} == {"m s-1"}
    assert ds["specific_humidity"].attrs["standard_name"] == "specific_humidity"
    assert not any(bool(ds[v].isnull().any()) for v in ds)


def test_values_are_whole_steps(fields):
    for name, field in fields[0].items():
        counts = field / step_of(parse_channel(name))
        assert np.array_equal(counts, np.rint(counts)), name
        assert np.abs(counts).max() < 2**15


def test_mass_is_conserved(fields):
    by_name, reader = fields
    nodes, weights = np.polynomial.legendre.leggauss(16)
    np.testing.assert_allclose(np.rad2deg(np.arcsin(nodes)), reader.grid.latitude, atol=1e-4)
    mean = (by_name["sp"].mean(-1) * weights / weights.sum()).sum(-1)
    # the model's variable is a log of about 11.5 in single precision: 1e-7 * 11.5 * 98,500 = 0.1 Pa a rounding,
    # and a transform makes some ten of them; 10 Pa are asked of twelve years
    assert np.abs(mean - 98_500).max() < 1.5


def test_levels_fit_each_other(fields):
    by_name, _ = fields
    for low, high in ((850, 500), (500, 250)):
        thickness = by_name[f"z{high}"] - by_name[f"z{low}"]
        warmth = (by_name[f"t{high}"] + by_name[f"t{low}"]) / 2
        # the hypsometric equation with a linear temperature; five layers bend it by some per cent
        np.testing.assert_allclose(thickness.mean(), (DRY * warmth * np.log(low / high)).mean(), rtol=0.03)
    assert min(by_name[f"q{level}"].min() for level in (850, 500, 250)) >= 0
    assert by_name["q850"].mean() > by_name["q500"].mean() > by_name["q250"].mean() > 0


def test_a_killed_run_goes_on_to_the_same_bits(archive, settings, make, tmp_path):
    path = tmp_path / "small.zarr"
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from benchmark.worlds.planet import PlanetSettings\n"
        "from benchmark.worlds.planet.making import make_planet\n"
        "class Quiet:\n"
        "    def start(self, *_): pass\n"
        "    def step(self, *_): pass\n"
        "make_planet(PlanetSettings.model_validate_json(sys.argv[1]), Path(sys.argv[2]), Quiet())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, settings.model_dump_json(), str(path)])
    record = tmp_path / "small.zarr.part" / "planet.json"
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if record.exists() and '"pieces": [\n' in record.read_text():
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not path.exists()
    done = len(json.loads(record.read_text())["pieces"])
    assert 1 <= done < 3
    with pytest.raises(BenchError, match=rf"not whole: {done} of 3 pieces.*bench world make"):
        check_archive(path.with_name("small.zarr.part"))
    assert make(settings, path).done == 27
    assert hashes(path) == hashes(archive)


def test_a_part_of_other_settings_is_refused(archive, settings, tmp_path):
    shutil.copytree(archive, tmp_path / "a.zarr.part")
    other = settings.model_copy(update={"season_k": 5.0})
    with pytest.raises(BenchError, match=r"begun with other settings; remove it"):
        make_planet(other, tmp_path / "a.zarr", None)


def test_an_archive_that_is_there_is_not_overwritten(archive, settings):
    with pytest.raises(BenchError, match=r"small\.zarr exists already; remove it first"):
        make_planet(settings, archive, None)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda file: file.unlink(), "is missing"),
        (lambda file: file.write_bytes(file.read_bytes()[:-9]), "truncated or was changed"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1] + b"\x01"), "truncated or was changed"),
    ],
)
def test_a_harmed_file_is_named(archive, tmp_path, harm, said):
    copy = tmp_path / "copy.zarr"
    shutil.copytree(archive, copy)
    check_archive(copy)
    harm(copy / "temperature" / "1.0.0.0")
    with pytest.raises(BenchError, match=rf"temperature/1\.0\.0\.0 .*{said}.*make it again"):
        check_archive(copy)


def test_a_record_that_is_none_is_named(archive, tmp_path):
    copy = tmp_path / "copy.zarr"
    shutil.copytree(archive, copy)
    (copy / "planet.json").write_text("{}")
    with pytest.raises(BenchError, match=r"planet\.json cannot be read"):
        check_archive(copy)


def test_a_small_disk_is_found_before_the_run(settings, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    # 92 times, 16 channels, 512 points, 4 bytes
    with pytest.raises(BenchError, match=r"1,000,000 bytes free, and the archive takes up to 3,014,656"):
        make_planet(settings, tmp_path / "new.zarr", None)
    assert list(tmp_path.iterdir()) == []


def test_without_dinosaur_the_message_says_how_to_get_it(settings, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(BenchError, match=r"dinosaur dynamical core.*pip install 'assimbench\[twin\]'"):
        make_planet(settings, tmp_path / "new.zarr", None)


def test_an_unstable_planet_is_told(settings, tmp_path):
    class Silent:
        def start(self, *_):
            pass

        step = start

    wild = settings.model_copy(
        update={"diffusion_h": 1e4, "pole_contrast_k": 100.0, "height_share": 2.0, "wavenumbers": 21}
    )
    wild = wild.model_copy(update={"step_min": 360})
    with pytest.raises(BenchError, match=r"has left all bounds: the integration is not stable.*shorter step_min"):
        make_planet(wild, tmp_path / "wild.zarr", Silent())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"wavenumber": 21}, r"planet\.wavenumber"),
        ({"step_min": 50}, r"must divide 360"),
        ({"end": "2000-01-01"}, r"'end' is before 'start'"),
        ({"latent_share": 2}, r"planet\.latent_share"),
    ],
)
def test_a_wrong_setting_is_named(given, said):
    with pytest.raises(BenchError, match=rf"World 'mine'.*{said}"):
        PlanetSettings.read(given, "mine")
