"""Align-DA: a sampler like any other, whose prior is the latent prior and a little more."""

import copy

import pytest
import torch

from benchmark.problem import BenchError, CaseNoise
from methods.align_da import AlignDA
from methods.dps import LatentDPS
from methods.priors.aligned_prior import AlignedPrior
from methods.priors.latent_prior import LatentPrior


def analyse(method, problem, parts, members=3):
    method.load({name: parts[name] for name in method.components})
    with torch.no_grad():
        return method.analyse(problem, members, CaseNoise(range(len(problem))))


@pytest.fixture
def parts(make_toy, gaussian_parts):
    """The toy's components, its latent prior with a network that is no longer zero."""
    found = gaussian_parts(make_toy(1).covariance)
    torch.manual_seed(0)
    for parameter in found["latent-prior"].parameters():
        parameter.add_(0.05 * torch.randn_like(parameter))
    return found


def perturbed(prior, std=0.3):
    """An aligned prior whose adapters are not zero, as one that was trained."""
    aligned = AlignedPrior.of(prior, 2)
    with torch.no_grad():
        for parameter in aligned.parameters():
            parameter.add_(
                std * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel()))
            )
    return aligned


def denoised(prior, count=5):
    generator = torch.Generator().manual_seed(1)
    x, zb = torch.randn(2, count, *prior.latent_shape, generator=generator)
    with torch.no_grad():
        return prior.denoise(x, torch.tensor(0.7), zb, torch.zeros(count, 4))


def test_adapters_of_zero_change_nothing(parts):
    prior = parts["latent-prior"]
    aligned = AlignedPrior.of(prior, 2)
    assert torch.equal(denoised(aligned), denoised(prior))
    assert torch.equal(aligned.scale, prior.scale)
    assert torch.equal(aligned.covariance.modes, prior.covariance.modes)
    assert (aligned.sigma_min, aligned.sigma_max) == (prior.sigma_min, prior.sigma_max)
    assert (denoised(perturbed(prior)) - denoised(prior)).abs().max() > 0.01


def test_with_the_latent_prior_itself_it_is_latent_dps(make_toy, parts):
    toy = make_toy(3)
    found = analyse(AlignDA(levels=6, zeta=0.3), toy.problem, {**parts, "aligned-prior": parts["latent-prior"]})
    known = analyse(LatentDPS(levels=6, zeta=0.3), toy.problem, parts)
    assert torch.equal(found.members, known.members)
    aligned = analyse(
        AlignDA(levels=6, zeta=0.3), toy.problem, {**parts, "aligned-prior": perturbed(parts["latent-prior"])}
    )
    assert (aligned.members - known.members).abs().max() > 0.01
    assert (aligned.cost.network_forwards, aligned.cost.network_backwards) == (
        *(known.cost.network_forwards, known.cost.network_backwards),
    )


def test_merged_and_followed_adapters_are_the_same_network(parts):
    aligned = perturbed(parts["latent-prior"])
    followed = denoised(aligned)
    aligned.requires_grad_(False).attach(parts)
    torch.testing.assert_close(denoised(aligned), followed, atol=1e-6, rtol=0)


def test_a_copy_follows_its_own_adapters(parts):
    aligned = perturbed(parts["latent-prior"])
    before, twin = denoised(aligned), copy.deepcopy(aligned)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert torch.equal(denoised(twin), denoised(parts["latent-prior"]))
    assert torch.equal(denoised(aligned), before)


def test_what_is_stored_comes_back_and_is_small(parts):
    prior = parts["latent-prior"]
    aligned = perturbed(prior)
    tensors, settings = aligned.state()
    again = AlignedPrior.from_state(tensors, settings)
    again.attach({LatentPrior.name: prior})
    torch.testing.assert_close(denoised(again), denoised(aligned), atol=1e-6, rtol=0)
    # (outputs + inputs) times the rank for every weight, of which there are outputs times inputs
    weights = [p for name, p in prior.denoiser.named_parameters() if name.endswith("weight")]
    expected = sum(2 * (len(w) + w[0].numel()) for w in weights)
    assert sum(t.numel() for t in tensors.values()) == expected
    assert expected < sum(w.numel() for w in weights)


def test_the_prior_that_it_builds_on_stays_as_it_is(parts):
    prior = parts["latent-prior"]
    before, output = copy.deepcopy(prior.state_dict()), denoised(prior)
    aligned = perturbed(prior)
    assert {name for name, _ in aligned.named_parameters()} == {
        f"adapters.{key}.{factor}" for key in aligned.adapters for factor in "UV"
    }
    denoised(aligned)
    assert torch.equal(denoised(prior), output)
    assert list(prior.state_dict()) == list(before)
    assert not any(parameter.requires_grad for parameter in prior.parameters())


def test_a_rank_is_at_most_what_a_matrix_can_have(parts):
    aligned = AlignedPrior.of(parts["latent-prior"], 1000)
    assert {tuple(a.U.shape)[1] for a in aligned.adapters.values()} == {
        min(shape) for shape in aligned.settings["shapes"].values()
    }


def test_an_unknown_guidance_is_named():
    with pytest.raises(BenchError, match="align-da: guidance is 'dps', not 'repaint'"):
        AlignDA(guidance="repaint")
