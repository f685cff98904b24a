"""Whether a prior's samples are of the kind that the archive holds."""

__all__ = ["SampleStatistics", "sample_statistics", "samples_picture"]

import dataclasses
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from benchmark.problem import Grid

from .canvas import draw_map, figure, save


@dataclasses.dataclass(frozen=True)
class SampleStatistics:
    """
    Arguments:
        mean: Area mean by channel, shape (channel,).
        std: Root of the area-weighted mean square departure from every point's own mean, shape (channel,).
        latitude_std: The same by latitude, shape (channel, latitude).
        power: Power by zonal wavenumber, shape (channel, wavenumber).
        correlation: Between channels at one point, shape (channel, channel).
    """

    mean: np.ndarray
    std: np.ndarray
    latitude_std: np.ndarray
    power: np.ndarray
    correlation: np.ndarray


def sample_statistics(fields: np.ndarray, grid: Grid) -> SampleStatistics:
    """Mean, spread, spectrum and cross-correlations of increments or anomalies.

    Rows of a region are continued by their mirror image, a cosine transform, which needs no period and no window
    (Denis, Cote & Laprise, 2002); its wavenumbers are half waves in the region.

    Arguments:
        fields: Shape (time, channel, latitude, longitude).
        grid: Theirs.
    """
    area = np.asarray(grid.cell_area)
    departure = fields - fields.mean(0)
    covariance = np.einsum("tcij,tdij,ij->cd", departure, departure, area / area.mean()) / departure[:, 0].size
    variance = covariance.diagonal()
    rows = fields if grid.periodic else np.concatenate([fields, fields[..., ::-1]], axis=-1)
    amplitude = np.abs(np.fft.rfft(rows, axis=-1)) / rows.shape[-1]
    row_area = np.asarray(grid.row_area)[:, None]
    return SampleStatistics(
        mean=(fields * area).mean((0, 2, 3)) / area.mean(),
        std=np.sqrt(variance),
        latitude_std=np.sqrt(np.square(departure).mean((0, 3))),
        power=(np.square(amplitude).mean(0) * row_area).mean(1) / row_area.mean(),
        correlation=covariance / np.sqrt(np.outer(variance, variance)),
    )


def samples_picture(drawn: np.ndarray, real: np.ndarray, grid: Grid, channels: list[str], path: Path) -> Path:
    """Draws statistics of a prior's samples beside those of the archive, and one field of each.

    Arguments:
        drawn, real: Increments or anomalies [normalised], shape (time, channel, latitude, longitude).
        grid: Theirs.
        channels: Names.
        path: The picture to write.
    """
    samples, archive = sample_statistics(drawn, grid), sample_statistics(real, grid)
    picture, panels = figure(2, 3)
    places = np.arange(len(channels))
    axes: Axes = panels[0][0]
    axes.bar(places - 0.2, archive.std, 0.4, label="archive: std")
    axes.bar(places + 0.2, samples.std, 0.4, label="samples: std")
    axes.plot(places - 0.2, archive.mean, "k_", label="mean")
    axes.plot(places + 0.2, samples.mean, "k_")
    axes.set_xticks(places, channels, rotation=90, fontsize=6)
    axes.set_ylim(top=1.35 * max(archive.std.max(), samples.std.max()))
    axes.set_title("mean and std by channel [normalised]", fontsize=9)
    axes.legend(fontsize=7, ncols=3, loc="upper center")

    axes = panels[0][1]
    latitude = np.asarray(grid.latitude)
    axes.plot(latitude, np.sqrt(np.square(archive.latitude_std).mean(0)), label="archive")
    axes.plot(latitude, np.sqrt(np.square(samples.latitude_std).mean(0)), label="samples")
    axes.set_ylim(0)
    axes.set_title("std by latitude, all channels [normalised]", fontsize=9)
    axes.legend(fontsize=7)

    axes = panels[0][2]
    waves = np.arange(1, archive.power.shape[1]) * (1.0 if grid.periodic else 0.5)
    axes.loglog(waves, archive.power[:, 1:].mean(0), label="archive")
    axes.loglog(waves, samples.power[:, 1:].mean(0), label="samples")
    axes.set_title("power by zonal wavenumber, all channels", fontsize=9)
    axes.legend(fontsize=7)

    axes = panels[1][0]
    lower = np.tril(np.ones_like(archive.correlation, dtype=bool))
    image = axes.imshow(np.where(lower, archive.correlation, samples.correlation), cmap="RdBu_r", vmin=-1, vmax=1)
    picture.colorbar(image, ax=axes, fraction=0.04)
    axes.set_xticks(places, channels, rotation=90, fontsize=6)
    axes.set_yticks(places, channels, fontsize=6)
    axes.set_title("correlations: archive below, samples above", fontsize=9)

    middle = len(channels) // 2
    most = float(np.abs(real[0, middle]).max())
    for axes, fields, name in zip(panels[1][1:], (real, drawn), ("archive", "sample"), strict=True):
        draw_map(axes, fields[0, middle], grid, f"{channels[middle]}, {name}", cmap="RdBu_r", vmin=-most, vmax=most)
    return save(picture, path)
