"""Content of a page with made-up numbers of the size and shape of real ones."""

import base64
import hashlib
import json
import random
from collections.abc import Collection

import numpy as np

FAMILIES = {
    "variational": ("3dvar", "3dvar-corrected", "latent-3dvar", "vae-var"),
    "ensemble": ("enkf", "etkf", "letkf", "enoi", "ensf", "latent-ensf"),
    "interpolation": ("interpolation",),
    "diffusion": (
        *("lo-sda", "denoising-3dvar", "latent-denoising-3dvar", "daps", "latent-daps", "diffda", "latent-diffda"),
        *("mmps", "dps", "latent-dps", "align-da", "sda"),
    ),
    "reference": ("background", "climatology"),
    "oracle": ("autoencoder", "no-observations"),
}
SETTINGS = [
    *({"obs_frac": f, "obs_vars": "all", "obs_std": 0.05} for f in (0.01, 0.001, 0.003, 0.03, 0.1)),
    *({"obs_frac": 0.01, "obs_vars": v, "obs_std": 0.05} for v in ("mass", "wind", "one level")),
    {"obs_frac": 0.01, "obs_vars": "all", "obs_std": 0.2},
]
UNITS = {"z": "m2 s-2", "t": "K", "u": "m s-1", "v": "m s-1", "q": "kg kg-1", "sp": "Pa", "msl": "Pa"}
NAMES = {
    **{"z": "geopotential", "t": "temperature", "u": "eastward wind", "v": "northward wind"},
    **{"q": "specific humidity", "sp": "surface pressure", "msl": "mean sea level pressure"},
}
TWIN = (*(f"{v}{level}" for v in "ztuvq" for level in (250, 500, 850)), "sp")


def make_content(experiments: int | None = None) -> dict:
    """The standard set: 27 methods, nine settings, two worlds.

    Arguments:
        experiments: Instead, about so many rows in one world, of settings that go on.
    """
    rng = random.Random(7)
    settings = SETTINGS
    if experiments is not None:
        count = -(-experiments // sum(map(len, FAMILIES.values())))
        settings = [{"obs_frac": 0.01, "obs_vars": "all", "obs_std": 0.05, "seed": i} for i in range(count)]
    twin = world(rng, "twin", "A primitive-equation planet", TWIN, settings, grid(32, 64, True))
    region = grid(21, 24, False)
    era = world(rng, "era-interim-euroatlantic", "ERA-Interim, Europe", ("msl", "z500", "t850"), settings, region)
    return {
        "title": "assimbench",
        "version": "0.1.0",
        "convention": "RMSE: root of the mean over cases of the area-weighted mean square (WeatherBench 2).",
        "ranking_rule": "A method is ranked by the mean of its relative errors over all cells, and only if it has all.",
        "intervals": "Brackets and bands are 95 % intervals by a moving-block bootstrap over cases.",
        "worlds": [twin, era] if experiments is None else [twin],
        "cards": {label: card(label, family) for family, labels in FAMILIES.items() for label in labels},
    }


def keep_methods(content: dict, labels: Collection[str]) -> dict:
    """The same with fewer methods."""
    worlds = []
    for one in content["worlds"]:
        spectra = {c: {**s, "methods": kept(s["methods"], labels)} for c, s in one["spectra"]["channels"].items()}
        worlds.append(
            {
                **one,
                "rows": [row for row in one["rows"] if row["method"] in labels],
                "ranking": [place for place in one["ranking"] if place["method"] in labels],
                "spectra": {**one["spectra"], "channels": spectra},
                "reliability": {**one["reliability"], "methods": kept(one["reliability"]["methods"], labels)},
                "maps": {**one["maps"], "analyses": kept(one["maps"]["analyses"], labels)},
            }
        )
    return {**content, "worlds": worlds, "cards": kept(content["cards"], labels)}


def kept(found: dict, labels: Collection[str]) -> dict:
    return {label: value for label, value in found.items() if label in labels}


def grid(rows: int, columns: int, periodic: bool) -> dict:
    latitude = -90 + 180 / rows * (np.arange(rows) + 0.5) if periodic else np.linspace(35, 65, rows)
    longitude = np.arange(columns) * 360 / columns if periodic else np.linspace(-40, 20, columns)
    return {"latitude": latitude.tolist(), "longitude": longitude.tolist(), "periodic": periodic}


def world(rng, name, title, channels, axes, where) -> dict:
    settings = [setting(i, one) for i, one in enumerate(axes)]
    skill = {label: rng.uniform(0.62, 0.9) for label in of_kind("method")}
    kinds = {label: kind_of(family) for family, labels in FAMILIES.items() for label in labels}
    rows = [row(rng, label, kind, s, channels, skill.get(label)) for s in settings for label, kind in kinds.items()]
    return {
        "name": name,
        "title": title,
        **{"split": "test", "first": "2012-01-11", "last": "2012-12-20", "cases": 16, "data_hash": digest(name)},
        "channels": [describe(channel) for channel in channels],
        "settings": settings,
        "rows": rows,
        "ranking": ranking(rows, kinds, len(settings)),
        "spectra": spectra(rng, channels, kinds),
        "reliability": reliability(rng, channels),
        "maps": maps(channels, [label for label in kinds if label != "background"], where),
    }


def setting(i, axes) -> dict:
    title = f"{100 * axes['obs_frac']:g} % of {axes['obs_vars']} variables, error {axes['obs_std']} std"
    if "seed" in axes:
        title += f", seed {axes['seed']}"
    named = {"id": str(i), "title": title, "axes": axes, "default": i == 0}
    return {**named, "observations": digest(f"observations {i}"), "values_per_case": 32768 * axes["obs_frac"]}


def row(rng, label, kind, where, channels, skill) -> dict:
    if kind == "method":
        observed = where["axes"]["obs_frac"]
        level = skill * (1.25 - 0.12 * np.log10(observed / 0.001)) * rng.uniform(0.98, 1.02)
    else:
        level = {"background": 1.0, "climatology": 2.2, "autoencoder": 0.06, "no-observations": 0.99}[label]
    diverged = 3 if label == "dps" and where["axes"]["obs_frac"] == 0.1 else 0
    members = 8 if label in FAMILIES["ensemble"] + FAMILIES["diffusion"] else 1
    scores = {channel: channel_scores(rng, level, members) for channel in channels}
    seconds = None if kind == "reference" else float(f"{rng.lognormvariate(-2, 2):.4g}")
    return {
        **{"method": label, "setting": where["id"], "experiment": digest(label + where["id"])[:16], "kind": kind},
        "relative_error": None if diverged else around(level, 0.012),
        "best": label in ("denoising-3dvar", "mmps"),
        **{"cases": 16, "diverged": diverged, "not_converged": 1 if label == "enkf" else 0, "members": members},
        **{"seconds": seconds, "network_calls": 128.0 if members > 1 else 0.0, "iterations": 64.0, "memory_mb": 812.0},
        "trials": 18 if kind == "method" else None,
        "command": f"bench run --world twin --method '{label}' --obs-frac {where['axes']['obs_frac']} --cases 16",
        "channels": {} if diverged else scores,
    }


def channel_scores(rng, level, members) -> dict:
    value = level * rng.uniform(0.85, 1.15)
    scores = {"relative_error": around(value, 0.02), "rmse": round(value * 3.1, 4), "acc": round(1 - value / 9, 4)}
    scores |= {"bias": round(rng.gauss(0, 0.1), 5), "crps": round(value * 1.7, 4)}
    return scores | ({"spread_skill": round(rng.uniform(0.3, 1.1), 4)} if members > 1 else {})


def around(value, width) -> list[float]:
    return [round(value, 5), round(value - width, 5), round(value + 1.1 * width, 5)]


def ranking(rows, kinds, of) -> list[dict]:
    places = []
    for label, kind in kinds.items():
        errors = [r["relative_error"][0] for r in rows if r["method"] == label and r["relative_error"]]
        mean = around(sum(errors) / len(errors), 0.011) if len(errors) == of else None
        named = {"method": label, "rank": None, "mean": mean, "tied": False}
        places.append({**named, "cells": len(errors), "of": of, "kind": kind})
    ranked = sorted((p for p in places if p["kind"] == "method" and p["mean"]), key=lambda p: p["mean"][0])
    for i, place in enumerate(ranked):
        place |= {"rank": i + 1, "tied": i < 3}
    return ranked + [place for place in places if place["rank"] is None]


def spectra(rng, channels, kinds) -> dict:
    wavenumbers = list(range(33))
    power = np.where(np.arange(33) > 0, 400.0 * np.maximum(np.arange(33), 1) ** -2.6, 30.0)
    by_channel = {}
    for channel in channels:
        methods = {}
        for label in kinds:
            damping = np.exp(-np.arange(33) / rng.uniform(15, 90))
            error = power * np.minimum(1.6, 0.02 * np.arange(33) ** rng.uniform(1.1, 1.7))
            methods[label] = {"analysis": short(power * damping), "error": short(error)}
        behind = {"truth": short(power), "background_error": short(power * 0.3)}
        by_channel[channel] = {**behind, "methods": methods}
    return {"setting": "0", "wavenumbers": wavenumbers, "channels": by_channel}


def reliability(rng, channels) -> dict:
    methods = {}
    for label in FAMILIES["ensemble"] + FAMILIES["diffusion"]:
        ratio = rng.uniform(0.4, 1.1)
        ranks = [1 + 1.5 * (1 - ratio) * abs(i - 4) / 4 for i in range(9)]
        ranks = [round(r / sum(ranks), 4) for r in ranks]
        one = {"rmse": 2.0, "spread": round(2 * ratio, 4), "spread_skill": around(ratio, 0.05), "ranks": ranks}
        methods[label] = {"members": 8, "channels": dict.fromkeys(channels, one)}
    return {"setting": "0", "methods": methods}


def maps(channels, labels, where) -> dict:
    rows, columns = len(where["latitude"]), len(where["longitude"])
    rng = np.random.default_rng(3)
    waves = np.cos(np.deg2rad(where["latitude"]))[:, None] * np.cos(5 * np.deg2rad(where["longitude"]))
    truth = code(0.4 * waves + np.sin(np.deg2rad(where["latitude"]))[:, None], -1.5, 1.5)
    noise = lambda scale: code(scale * smooth(rng.standard_normal((rows, columns))), -1, 1)  # noqa: E731
    sites = [[where["latitude"][i % rows], where["longitude"][7 * i % columns], 54000.0 + 900 * i] for i in range(20)]
    return {
        **{"setting": "0", "time": "2012-07-01T00:00", **where},
        "channels": {channel: {"range": [48000.0, 59000.0], "error": 900.0} for channel in channels},
        "truth": dict.fromkeys(channels, truth),
        "background": {channel: noise(1.0) for channel in channels},
        "analyses": {label: {channel: noise(0.6) for channel in channels} for label in labels},
        "observations": dict.fromkeys(channels, sites),
    }


def smooth(noise):
    return (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 4


def code(values, low, high) -> str:
    codes = np.clip(np.round(255 * (values - low) / (high - low)), 0, 255).astype(np.uint8)
    return base64.b64encode(codes.tobytes()).decode()


def card(label, family) -> dict:
    here = {"training_years": "2000-2006", "weights": digest(label), "components": ["autoencoder", "latent-prior"]}
    here |= {"trials": 18, "parameters": {"levels": 8, "variant": "hard", "sigma_end": 0.1}}
    neural = family == "diffusion"
    return {
        **{"label": label, "name": label, "version": 3, "family": family},
        **{"paper": "Fei, Ling, Fan et al. 2025", "url": "https://arxiv.org/abs/2510.22562"},
        "uses": {"background": True, "adjoint": neural, "ensemble": False, "network": neural, "truth": False},
        "worlds": {"twin": here, "era-interim-euroatlantic": here},
    }


def describe(channel) -> dict:
    variable = channel.rstrip("0123456789")
    level = channel[len(variable) :]
    return {"name": channel, "unit": UNITS[variable], "title": NAMES[variable] + (f" at {level} hPa" if level else "")}


def kind_of(family) -> str:
    return family if family in ("reference", "oracle") else "method"


def of_kind(kind) -> list[str]:
    return [label for family, labels in FAMILIES.items() if kind_of(family) == kind for label in labels]


def digest(text) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def short(values) -> list[float]:
    return [float(f"{value:.4g}") for value in values]


if __name__ == "__main__":
    print(json.dumps(make_content()))
