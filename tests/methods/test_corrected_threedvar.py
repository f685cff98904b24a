"""3D-Var from a learned prior's mean: what the mean is, and what 3D-Var makes of it."""

import dataclasses

import pytest
import torch

from benchmark.problem import CaseNoise, Cost, Observations
from methods.corrected_threedvar import CorrectedThreeDVar
from methods.diffusion.conditional_mean import conditional_mean
from methods.priors.background_error import BackgroundError
from methods.priors.corrected_error import CorrectedError
from methods.priors.covariance import SpectralCovariance
from methods.priors.zonal_covariance import ZonalCovariance
from methods.threedvar import ThreeDVar


class Shifted:
    """A Gaussian prior of increments about a mean that the background tells: a tenth of its departure."""

    def __init__(self, covariance, scale):
        self.covariance, self.scale = dataclasses.replace(covariance, scale=torch.ones_like(covariance.scale)), scale

    def denoise(self, delta_t, sigma, condition, season):
        mean = 0.1 * condition / self.scale
        away = (delta_t - mean).flatten(1)
        return mean + self.covariance.map_modes(lambda b: b / (b + sigma**2), away).view_as(mean)


@pytest.fixture
def shifted(make_toy):
    toy = make_toy(6)
    shape = toy.problem.background.shape[1:]
    prior = Shifted(toy.covariance, toy.covariance.scale.view(shape))
    parts = {"state-prior": prior, "corrected-error": CorrectedError(fitted=BackgroundError(toy.covariance))}
    return toy, prior, parts


def test_the_mean_of_the_prior_is_found(shifted):
    toy, prior, _ = shifted
    cost = Cost()
    found = conditional_mean(toy.problem, prior, 4, 8, CaseNoise(range(6)), cost)
    torch.testing.assert_close(found, 1.1 * toy.problem.background, atol=2e-2, rtol=0)
    assert cost.network_forwards == 4 * 8
    # whatever is observed
    nothing = dataclasses.replace(
        toy.problem, observations=Observations.none(toy.problem.background, toy.problem.observations.hashes)
    )
    again = conditional_mean(nothing, prior, 4, 8, CaseNoise(range(6)), Cost())
    assert torch.equal(found, again)


def test_it_is_3dvar_from_there(shifted):
    toy, prior, parts = shifted
    method, plain = CorrectedThreeDVar(b_scale=0.7), ThreeDVar(b_scale=0.7)
    method.load(parts)
    plain.load({"background-error": BackgroundError(toy.covariance)})
    found = method.analyse(toy.problem, 1, CaseNoise(range(6)))
    mean = conditional_mean(toy.problem, prior, 8, 8, CaseNoise(range(6)), Cost())
    expected = plain.analyse(dataclasses.replace(toy.problem, background=mean), 1, CaseNoise(range(6)))
    torch.testing.assert_close(found.members, expected.members)
    assert found.cost.network_forwards == 64
    assert found.cost.operator_calls == expected.cost.operator_calls
    from_background = plain.analyse(toy.problem, 1, CaseNoise(range(6)))
    assert (found.members - from_background.members).abs().max() > 0.1


@pytest.mark.parametrize("kind", ["eof", "zonal"])
def test_kept_modes_get_the_variances_of_the_samples(kind):
    generator = torch.Generator().manual_seed(0)
    shape = (2, 4, 6)
    fields = (torch.randn(300, 8, generator=generator) @ torch.randn(8, 48, generator=generator)).unflatten(1, shape)
    if kind == "eof":
        B = SpectralCovariance.fit(fields.flatten(1), fields.flatten(1).std(0), 12)
    else:
        scale = fields.square().mean((0, 3), keepdim=True)[0].sqrt().expand(shape).contiguous()
        B = ZonalCovariance.fit(fields, scale, 30)
    # on the samples it was fitted on: itself
    again = B.refitted(fields.flatten(1))
    torch.testing.assert_close(again.variances, B.variances, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(again.remainder, B.remainder, rtol=1e-2, atol=1e-5)
    # on others: all their variance, with the same modes
    other = (fields.roll(1, 1) * 0.5).flatten(1)
    found = B.refitted(other)
    total = (other / B.scale.flatten()).square().sum(1).mean() / other.shape[1]
    assert float(found.mean_eigenvalue(lambda v: v)) == pytest.approx(float(total), rel=1e-3)
    assert torch.equal(found.modes, B.modes)
    # and it comes back from the store, with B's modes
    component = CorrectedError(found.variances, found.remainder)
    stored = CorrectedError.from_state(*component.state())
    stored.attach({"background-error": BackgroundError(B)})
    torch.testing.assert_close(stored.covariance.apply(other), found.apply(other))
    fitted = CorrectedError(fitted=BackgroundError(found))
    torch.testing.assert_close(CorrectedError.from_state(*fitted.state()).covariance.apply(other), found.apply(other))
