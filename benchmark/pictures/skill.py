"""How long a forecaster beats persistence and climatology."""

__all__ = ["forecast_skill", "skill_picture"]

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmark.problem import BenchError
from benchmark.worlds import Fields

from .canvas import figure, save

DAYS, MOST = 5, 200


@torch.no_grad()
def forecast_skill(world: Fields, days: int = DAYS) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """RMSE by lead time over the test years' truth, normalised by channel.

    Arguments:
        world: With a forecaster that sees one state.
        days: Longest lead time.

    Returns:
        Lead times [h], and for `network`, `persistence` and `climatology` the RMSE, shape (lead, channel)
        [normalised].

    Raises:
        BenchError: If there is no such forecaster, or no run of truth so long.
    """
    forecaster = world.forecaster
    if forecaster is None or forecaster.history != 1:
        raise BenchError(f"The skill of '{world.name}' needs a forecaster that sees one state; train one first.")
    step = np.timedelta64(forecaster.step_h, "h")
    leads = np.arange(1, days * 24 // forecaster.step_h + 1)
    there = world.forecast_times("test")
    starts = there[np.all([np.isin(there + lead * step, there) for lead in leads], axis=0)]
    if len(starts) == 0:
        raise BenchError(f"'{world.name}' has no {days} days of test truth in a row, {forecaster.step_h} h apart.")
    starts = starts[np.unique(np.linspace(0, len(starts) - 1, MOST).astype(int))]
    area = torch.as_tensor(world.grid.cell_area, dtype=torch.float32)
    first, normal = world.truth(starts), world.climatology(starts)
    state, scores = first, {"network": [], "persistence": [], "climatology": []}  # type: ignore[var-annotated]

    def rmse(error: Tensor) -> np.ndarray:
        return (area * error.square()).mean((0, 2, 3)).sqrt().numpy()

    for lead in leads:
        valid = starts + lead * step
        truth, following = world.truth(valid), world.climatology(valid)
        before = world.climatology(valid - step)
        state = forecaster.forecast(state[:, None], following, before[:, None], valid, forecaster.step_h)
        scores["network"].append(rmse(state - truth))
        scores["persistence"].append(rmse(following + first - normal - truth))
        scores["climatology"].append(rmse(following - truth))
    return leads * forecaster.step_h, {name: np.array(rows) for name, rows in scores.items()}


def skill_picture(world: Fields, folder: Path) -> Path:
    """Writes `forecaster.png`: RMSE by lead time, the mean over channels and one channel of every variable."""
    leads, scores = forecast_skill(world)
    names = [c.name for c in world.channels]
    shown = {v: max(n for n in names if n.startswith(v)) for v in dict.fromkeys(c.variable for c in world.channels)}
    everything = list(range(len(names)))
    panels_of = {"mean over channels": everything, **{name: [names.index(name)] for name in shown.values()}}
    columns = 4
    drawn, panels = figure(-(-len(panels_of) // columns), columns)
    for axes, (title, index) in zip(panels.ravel(), panels_of.items(), strict=False):
        for label, rows in scores.items():
            axes.plot(leads / 24, rows[:, index].mean(1), label=label)
        axes.set_title(title, fontsize=9)
        axes.grid(alpha=0.3)
        axes.set_ylim(0)
    for axes in panels.ravel()[len(panels_of) :]:
        axes.set_visible(False)
    panels[0][0].legend(fontsize=7)
    panels[0][0].set_ylabel("RMSE / climatological std")
    for axes in panels[-1]:
        axes.set_xlabel("lead time [days]")
    return save(drawn, folder / "forecaster.png")
