"""DiffDA: a diffusion model of the increments, inpainted (RePaint) around what is observed.

Huang, Gianinazzi, Yu, Dueben & Hoefler (2024), DiffDA: a diffusion model for weather-scale data assimilation,
https://arxiv.org/abs/2401.05932; RePaint by Lugmayr et al. (2022), https://arxiv.org/abs/2201.09865. The observations'
innovations are spread over the grid, delta_obs, under a soft mask

    m = max over observations of exp(-d^2 / (2 width^2)),   d the distance in grid cells,

and at every noise level what is known takes the place of what the model says,

    delta_t <- m (delta_obs + sigma noise) + (1 - m) delta_t

before the next step; at the end delta <- m delta_obs + (1 - m) x_hat. Every few steps are gone several times, so that
both parts come to agree. Observations are taken as if they had no error, and all is made from y alone: published
versions in a latent build the known latent from the true state. In a latent, here, the estimate is decoded, what is
known is put in its place in the state, and the result is encoded again.
"""

__all__ = ["DiffDA", "LatentDiffDA"]

from torch import Tensor

from benchmark.problem import Need, Real, Whole

from .diffusion.method import DIFFUSION_DEFAULTS, LatentDiffusion, StateDiffusion
from .diffusion.painting import spread_innovations
from .diffusion.reverse import Estimate, Guide, Reverse, with_jumps
from .diffusion.state_space import StateSpace
from .priors.latent_space import LatentSpace


class DiffDA(StateDiffusion):
    """
    Parameters:
        width: Of the soft mask [grid cells].
        jump: Steps that are gone again.
        times: How often they are gone in all.
        levels, sigma_start, sigma_end, step, antithetic, b_scale: See `Diffusion`.
    """

    name = "diffda"
    paper = "Huang et al. 2024"
    paper_url = "https://arxiv.org/abs/2401.05932"
    defaults = {  # noqa: RUF012
        **DIFFUSION_DEFAULTS,
        "step": "probability-flow",
        "width": 1.5,
        "jump": 4,
        "times": 3,
    }
    search = {  # noqa: RUF012
        "levels": Whole(8, 128, log=True),
        "sigma_end": Real(0.05, 0.5, log=True),
        "b_scale": Real(0.1, 5.0, log=True),
        "width": Real(0.3, 5.0, log=True),
        "jump": Whole(1, 16, log=True),
        "times": Whole(1, 10, log=True),
    }
    needs = frozenset({Need.LINEAR_OPERATOR})

    def schedule(self, sigmas: Tensor) -> Tensor:
        return with_jumps(sigmas, self["jump"], self["times"])

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space
        assert isinstance(space, StateSpace)
        d_obs, m = (x.flatten(1)[:, None] for x in spread_innovations(space.problem, self["width"]))
        known = d_obs / space.scale.flatten()

        def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
            delta_t = m * (known + sigma * reverse.fresh()) + (1 - m) * delta_t
            x_hat = reverse.denoise(delta_t, sigma)
            return Estimate(x_hat, noisy=delta_t, end=m * known + (1 - m) * x_hat)

        return guide


class LatentDiffDA(LatentDiffusion):
    """RePaint of the decoded estimate. Parameters as those of `diffda`."""

    name = "latent-diffda"
    paper = "Huang et al. 2024"
    paper_url = "https://arxiv.org/abs/2401.05932"
    defaults = {**DiffDA.defaults, "sigma_start": 10.0, "sigma_end": 0.1}  # noqa: RUF012
    search = {**DiffDA.search, "sigma_end": Real(0.1, 0.5, log=True)}  # noqa: RUF012
    needs = frozenset({Need.LINEAR_OPERATOR})
    schedule = DiffDA.schedule

    def guide(self, reverse: Reverse) -> Guide:
        space = reverse.space
        assert isinstance(space, LatentSpace)
        problem = space.problem
        d_obs, m = (x[:, None] for x in spread_innovations(problem, self["width"]))
        observed = problem.background[:, None] + d_obs

        def guide(delta_t: Tensor, sigma: Tensor) -> Estimate:
            states = space.state(reverse.denoise(delta_t, sigma))
            painted = m * observed + (1 - m) * states
            return Estimate(space.increment(painted))

        return guide
