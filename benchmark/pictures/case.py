"""One case of a run as maps, and the errors of all its methods as bars."""

__all__ = ["CaseFields", "case_pictures", "error_bars"]

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmark.problem import Channel, Grid

from .canvas import coast, coast_options, draw_map, figure, save

COLUMNS = ("truth", "background", "analysis", "background - truth", "analysis - truth", "analysis - background")


@dataclasses.dataclass(frozen=True)
class CaseFields:
    """What a case is drawn from, in physical units.

    Arguments:
        label: The method's.
        title: World, valid time and observing system.
        truth, background, analysis: Shape (channel, latitude, longitude).
        sites: Latitudes and longitudes of the observed values of each channel [degrees].
        channels: One per channel axis entry.
        grid: The horizontal grid.
        earth: Whether it is the Earth, so that coastlines make sense.
    """

    label: str
    title: str
    truth: np.ndarray
    background: np.ndarray
    analysis: np.ndarray
    sites: Sequence[tuple[np.ndarray, np.ndarray]]
    channels: Sequence[Channel]
    grid: Grid
    earth: bool


def case_pictures(case: CaseFields, folder: Path) -> list[Path]:
    """A picture a variable: a row for every level, with truth, background, analysis, both errors and the
    increment with the places of the observations."""
    paths = []
    for variable in dict.fromkeys(channel.variable for channel in case.channels):
        rows = [i for i, channel in enumerate(case.channels) if channel.variable == variable]
        options = coast_options(case.earth)
        drawn, panels = figure(len(rows), len(COLUMNS), **options)
        for axes, i in zip(panels, rows, strict=True):
            _draw_channel(case, i, axes, bool(options))
        drawn.suptitle(f"{case.title}: {case.label}", fontsize=10)
        paths.append(save(drawn, folder / f"case-{_safe(case.label)}-{variable}.png"))
    return paths


def _draw_channel(case: CaseFields, i: int, axes: np.ndarray, earth: bool) -> None:
    x, xb, xa = case.truth[i], case.background[i], case.analysis[i]
    low, high = float(min(f.min() for f in (x, xb, xa))), float(max(f.max() for f in (x, xb, xa)))
    reach = max(float(np.abs(f).max()) for f in (xb - x, xa - x, xa - xb)) or 1.0
    channel = case.channels[i]
    unit = f" [{channel.unit}]" if channel.unit else ""
    for panel, name, field in zip(axes, COLUMNS, (x, xb, xa, xb - x, xa - x, xa - xb), strict=True):
        limits = {"vmin": low, "vmax": high, "cmap": "viridis"}
        if " - " in name:
            limits = {"vmin": -reach, "vmax": reach, "cmap": "RdBu_r"}
        draw_map(panel, field, case.grid, f"{channel.name} {name}{unit}", **limits)
        coast(panel, earth)
    latitude, longitude = case.sites[i]
    axes[-1].scatter(longitude, latitude, s=6, marker="o", facecolors="none", edgecolors="k", linewidths=0.5)


def error_bars(rmse: Mapping[str, Mapping[str, float]], reference: str, path: Path, title: str) -> Path:
    """RMSE of every method relative to the reference's, a group of bars for every channel.

    Arguments:
        rmse: Method label -> channel name -> RMSE [SI].
        reference: Label of the method that is the unit, the background.
        path: PNG file.
        title: Of the picture.
    """
    names = list(rmse[reference])
    drawn, panels = figure(1, 1)
    drawn.set_size_inches(max(5.0, 0.35 * len(names) * len(rmse) / 2 + 2), 3.6)
    axes, width = panels[0][0], 0.8 / len(rmse)
    for k, (label, values) in enumerate(rmse.items()):
        heights = [values[name] / rmse[reference][name] for name in names]
        axes.bar(np.arange(len(names)) + (k + 0.5) * width - 0.4, heights, width, label=label)
    axes.set_xticks(np.arange(len(names)), names, fontsize=8, rotation=45 if len(names) > 6 else 0)
    axes.set_ylabel("RMSE / RMSE of the background")
    axes.set_title(title, fontsize=9)
    axes.legend(fontsize=7, ncols=3)
    return save(drawn, path)


def _safe(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.=-]", "_", label)
