"""Align-DA: a guided sampler whose prior was fine-tuned by preferences.

Sun, Fan, Gong et al. (2025), Align-DA: align score-based atmospheric data assimilation with multiple preferences,
https://arxiv.org/abs/2505.22008. The conditional latent prior p(z | zb) draws many analyses of days of the training
years. Rewards for the analysis' error, for that of the forecast from it, and for its balance tell better from worse,
and pairs of them fine-tune the denoiser (Diffusion-DPO; Wallace et al., 2024, https://arxiv.org/abs/2311.12908):

    L = -E log sigmoid(-beta w(t) [ (|e - e_theta|^2 - |e - e_ref|^2)_winner - (same)_loser ]).

What is new is in the prior, `AlignedPrior`; the analysis is the guided sampler's. With `dps` (Align-DPS there),

    delta_t' <- delta_t' - zeta grad_{delta_t} |y - H x(delta_hat)|

after every step of the reverse process. The paper's latent RePaint is not here: it takes the observed latent from the
true state.
"""

__all__ = ["AlignDA"]

from collections.abc import Mapping

from benchmark.problem import Component

from .dps import LatentDPS
from .priors.aligned_prior import AlignedPrior
from .priors.autoencoder import Autoencoder
from .priors.latent_prior import LatentPrior


class AlignDA(LatentDPS):
    """
    Parameters:
        guidance: How the observations guide the sampler: `dps`.
        zeta: Length of the guidance step of `dps`; tuned on the validation year.
        levels, sigma_start, sigma_end, step, antithetic, b_scale: See `Diffusion`.
    """

    name = "align-da"
    paper = "Sun et al. 2025"
    paper_url = "https://arxiv.org/abs/2505.22008"
    components = (Autoencoder.name, AlignedPrior.name)
    defaults = {**LatentDPS.defaults, "guidance": "dps"}  # noqa: RUF012

    def __init__(self, **parameters: object) -> None:
        super().__init__(**parameters)
        self.require_choice("guidance", "dps")

    def load(self, parts: Mapping[str, Component]) -> None:
        """The aligned prior takes the place of the latent prior."""
        super().load({Autoencoder.name: parts[Autoencoder.name], LatentPrior.name: parts[AlignedPrior.name]})
