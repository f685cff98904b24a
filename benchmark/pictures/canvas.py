"""What all pictures share: a backend without a screen, maps in panels, and files that are whole."""

__all__ = ["coast", "coast_options", "draw_map", "figure", "save"]

import functools
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from benchmark.files import write_whole
from benchmark.problem import Grid

matplotlib.use("Agg")
WIDTH, HEIGHT, DPI = 4.0, 2.4, 110


def figure(rows: int, columns: int, **options: Any) -> tuple[Figure, np.ndarray]:
    """A figure of panels of one size, and the panels, shape (row, column)."""
    drawn = Figure(figsize=(WIDTH * columns, HEIGHT * rows + 0.4), dpi=DPI, layout="constrained")
    return drawn, drawn.subplots(rows, columns, squeeze=False, **options)


def draw_map(axes: Axes, field: np.ndarray, grid: Grid, title: str, **options: Any) -> AxesImage:
    """A field, shape (latitude, longitude), as a map with its colour bar."""
    lat, lon = np.array(grid.latitude), np.array(grid.longitude)
    step = (lon[-1] - lon[0]) / max(1, len(lon) - 1)
    edges = _edges(lat, *((-90.0, 90.0) if grid.spans_poles else (-np.inf, np.inf)))
    columns = np.append(lon, lon[-1] + step) - step / 2
    image = axes.pcolormesh(columns, edges, field, rasterized=True, **options)
    axes.set_title(title, fontsize=9)
    axes.tick_params(labelsize=7)
    bar = axes.figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02)
    bar.ax.tick_params(labelsize=7)
    return image  # type: ignore[return-value]


@functools.cache
def _coastlines() -> bool:
    """Whether cartopy and its coastlines are here; it would fetch them, which may not be possible."""
    try:
        from cartopy.io import shapereader

        shapereader.natural_earth("110m", "physical", "coastline")
    except (ImportError, OSError):
        return False
    return True


def coast_options(earth: bool) -> dict[str, Any]:
    """Options of `figure` for panels with coastlines, empty without cartopy or on another planet."""
    if not earth or not _coastlines():
        return {}
    from cartopy.crs import PlateCarree

    return {"subplot_kw": {"projection": PlateCarree()}}


def coast(axes: Any, earth: bool) -> None:
    """Coastlines on panels made with `coast_options`."""
    if earth:
        axes.coastlines(linewidth=0.5)


def save(drawn: Figure, path: Path) -> Path:
    """Writes a figure as PNG; a folder that is not there is made.

    Raises:
        BenchError: If the file cannot be written.
    """
    write_whole(path, lambda temporary: drawn.savefig(temporary, format="png"))
    return path


def _edges(centres: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    inner = (centres[:-1] + centres[1:]) / 2
    first, last = 2 * centres[0] - inner[0], 2 * centres[-1] - inner[-1]
    return np.clip(np.concatenate([[first], inner, [last]]), lowest, highest)
