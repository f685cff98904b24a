"""The planet's model as a forecaster, started from fewer numbers than its state has."""

import numpy as np
import pytest
import torch

from benchmark.files import open_fields
from benchmark.problem import BenchError, Normalisation, parse_channel
from benchmark.worlds.planet import PLANET_CHANNELS
from benchmark.worlds.planet import forecaster as module
from benchmark.worlds.planet.forecaster import PlanetColumns, PlanetForecaster, fit_columns
from benchmark.worlds.reading import FieldReader


@pytest.fixture(scope="module")
def settings(settings):
    """The small planet when its weather has grown."""
    return settings.model_copy(update={"spin_up_days": 120})


@pytest.fixture(scope="module")
def archive(settings, make, tmp_path_factory):
    path = tmp_path_factory.mktemp("grown") / "grown.zarr"
    make(settings, path)
    return path


@pytest.fixture(scope="module")
def fields(archive):
    """Times and fields of the archive, and a normalisation from them."""
    reader = FieldReader(open_fields(archive), tuple(parse_channel(n) for n in PLANET_CHANNELS), str(archive))
    values = reader.read(reader.times)
    mean, std = values.mean((0, 2, 3), dtype=np.float64), values.std(0).mean((1, 2), dtype=np.float64)
    return reader.times, values, Normalisation(tuple(mean.tolist()), tuple(std.tolist()))


@pytest.fixture(scope="module")
def forecaster(settings, fields):
    with pytest.MonkeyPatch.context() as patch:
        for name, days in {"SPIN_UP_DAYS": 100, "FIT_DAYS": 100, "EVERY_DAYS": 1}.items():
            patch.setattr(module, name, days)
        columns = fit_columns(settings, fields[2])
    return PlanetForecaster(settings, columns, fields[2], 48)


def run(forecaster, fields, places, lead_h):
    times, values, normalisation = fields
    states = torch.from_numpy(normalisation.normalise(values[places]))[:, None]
    valid = times[places] + np.timedelta64(lead_h, "h")
    nothing = torch.zeros_like(states[:, 0])
    return forecaster.forecast(states, nothing, torch.zeros_like(states), valid, lead_h)


def test_it_beats_persistence(forecaster, fields):
    _, values, normalisation = fields
    places = np.arange(40, 80, 4)
    forecast = run(forecaster, fields, places, 48)
    truth, before = (torch.from_numpy(normalisation.normalise(values[p])) for p in (places + 8, places))
    ours, persistence = ((x - truth).square().mean().sqrt() for x in (forecast, before))
    # ten wavenumbers and five layers make a poor planet; on the twin it is a quarter
    assert ours < 0.85 * persistence


def test_a_forecast_does_not_depend_on_its_batch(forecaster, fields):
    alone, together = (run(forecaster, fields, np.array(p), 12) for p in ([62], [61, 62, 63]))
    # the same single-precision arithmetic, in another place of a batch
    torch.testing.assert_close(alone[0], together[1], rtol=0, atol=1e-4)


def test_mass_is_what_it_was(forecaster, fields):
    forecast = run(forecaster, fields, np.array([40]), 48)
    pressure = fields[2].denormalise(forecast.double().numpy())[0, -1]
    weights = np.polynomial.legendre.leggauss(16)[1]
    assert (pressure.mean(1) * weights / 2).sum() == pytest.approx(98_500, abs=2)


def test_columns_come_back_whole(forecaster):
    again = PlanetColumns.from_state(*forecaster.columns.state())
    assert torch.equal(again.coefficients, forecaster.columns.coefficients)


def test_a_lead_time_between_steps_is_refused(forecaster, fields):
    with pytest.raises(BenchError, match="a lead time of 9 h is no multiple"):
        run(forecaster, fields, np.array([0]), 9)
