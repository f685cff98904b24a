"""Whether a world is a believable atmosphere: jets, eddies, spectra, storm tracks and humidity in one picture each."""

__all__ = ["atmosphere_pictures"]

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmark.problem import BenchError
from benchmark.worlds import Fields

from .canvas import draw_map, figure, save

TIMES = 2000


def atmosphere_pictures(world: Fields, folder: Path) -> list[Path]:
    """Writes the pictures of a world's training years and returns their paths.

    Arguments:
        world: Must have u, v, z, t and q at some levels.
        folder: Where to write.

    Raises:
        BenchError: If a channel that is drawn is missing.
    """
    view = _View(world)
    drawings = {"jets": _jets, "eddies": _eddies, "spectrum": _spectrum, "storm-tracks": _storms, "humidity": _humidity}
    return [save(draw(view), folder / f"{name}.png") for name, draw in drawings.items()]


class _View:
    """Some 2000 consecutive times of the training years, in physical units, by variable and level."""

    def __init__(self, world: Fields) -> None:
        self.world, self.grid = world, world.grid
        self.levels = sorted({c.level for c in world.channels if c.variable == "u" and c.level})
        if not self.levels:
            raise BenchError(f"The world '{world.name}' has no wind on levels, which the pictures need.")
        self.times = world.forecast_times("train")[-TIMES:]
        self.fields = world.read(self.times)
        self.latitude = np.array(world.grid.latitude)
        for variable in "ztuvq":
            for level in self.levels:
                self.get(variable, level)

    def get(self, variable: str, level: int) -> np.ndarray:
        """Shape (time, latitude, longitude)."""
        for i, channel in enumerate(self.world.channels):
            if (channel.variable, channel.level) == (variable, level):
                return self.fields[:, i]
        raise BenchError(f"The world '{self.world.name}' has no {variable}{level}, which the pictures need.")

    def season(self, months: tuple[int, ...]) -> np.ndarray:
        """Which times lie in these months, bool."""
        return np.isin(self.times.astype("datetime64[M]").astype(np.int64) % 12 + 1, months)

    def eddies(self, variable: str, level: int) -> np.ndarray:
        """Departures from the mean of the times, shape (time, latitude, longitude)."""
        field = self.get(variable, level)
        return field - field.mean(0)


def _jets(view: _View) -> Figure:
    drawn, panels = figure(1, 3, sharey=True)
    seasons = {"all the year": tuple(range(1, 13)), "December to February": (12, 1, 2), "June to August": (6, 7, 8)}
    for axes, (name, months) in zip(panels[0], seasons.items(), strict=True):
        chosen = view.season(months)
        for level in view.levels:
            axes.plot(view.latitude, view.get("u", level)[chosen].mean((0, 2)), label=f"{level} hPa")
        axes.set(title=name, xlabel="latitude")
        axes.grid(alpha=0.3)
    panels[0][0].set_ylabel("zonal-mean u [m/s]")
    panels[0][0].legend(fontsize=7)
    return drawn


def _eddies(view: _View) -> Figure:
    drawn, panels = figure(1, 2)
    for level in view.levels:
        energy = (view.eddies("u", level) ** 2 + view.eddies("v", level) ** 2) / 2
        panels[0][0].plot(view.latitude, energy.mean((0, 2)), label=f"{level} hPa")
    panels[0][0].set(title="eddy kinetic energy [m2 s-2]", xlabel="latitude")
    panels[0][0].legend(fontsize=7)
    top = view.levels[0]
    energy = (view.eddies("u", top) ** 2 + view.eddies("v", top) ** 2) / 2
    draw_map(panels[0][1], energy.mean(0), view.grid, f"eddy kinetic energy at {top} hPa [m2 s-2]")
    return drawn


def _spectrum(view: _View) -> Figure:
    drawn, panels = figure(1, 1)
    axes = panels[0][0]
    area = view.world.grid.row_area
    for level in view.levels:
        u, v = (np.abs(np.fft.rfft(view.get(name, level), axis=-1) / len(view.grid.longitude)) ** 2 for name in "uv")
        energy = ((u + v).mean(0) * area[:, None]).mean(0)[1:]
        axes.loglog(np.arange(1, len(energy) + 1), energy, label=f"{level} hPa")
    first = np.array([5.0, 20.0])
    axes.loglog(first, 20 * (first / 5) ** -3, "k--", linewidth=0.8, label="slope -3")
    axes.set(title="kinetic energy by zonal wavenumber [m2 s-2]", xlabel="zonal wavenumber")
    axes.legend(fontsize=7)
    return drawn


def _storms(view: _View) -> Figure:
    level = min(view.levels, key=lambda p: abs(p - 500))
    low = max(view.levels)
    z = view.get("z", level) / 9.80665
    # what changes within a day passes, what stays does not: a 24-hour difference filter (Wallace et al., 1988)
    day = int(np.timedelta64(24, "h") / np.diff(view.times).min())
    tracks = (z[day:] - z[:-day]).std(0) / np.sqrt(2)
    heat = (view.eddies("v", low) * view.eddies("t", low)).mean(0)
    drawn, panels = figure(2, 2)
    draw_map(panels[0][0], tracks, view.grid, f"storm tracks: std of 24 h differences of z{level} [m]")
    draw_map(panels[0][1], heat, view.grid, f"eddy heat flux v't' at {low} hPa [K m/s]", cmap="RdBu_r")
    draw_map(panels[1][0], view.get("z", level)[-1] / 9.80665, view.grid, f"z{level} at one time [m]")
    draw_map(panels[1][1], view.get("u", view.levels[0]).mean(0), view.grid, f"mean u{view.levels[0]} [m/s]")
    return drawn


def _humidity(view: _View) -> Figure:
    drawn, panels = figure(1, len(view.levels) + 1)
    for axes, level in zip(panels[0], view.levels, strict=False):
        inside = np.abs(view.latitude) < 45
        axes.hist(1e3 * view.get("q", level)[:, inside].ravel(), bins=80, density=True)
        axes.set(title=f"q{level} within 45 degrees [g/kg]")
    middle = view.levels[len(view.levels) // 2]
    draw_map(panels[0][-1], 1e3 * view.get("q", middle)[-1], view.grid, f"q{middle} at one time [g/kg]", cmap="YlGnBu")
    return drawn
