"""The planet's model: dinosaur's primitive equations and the physics, stepped 6 hours at a time."""

__all__ = ["Planet"]

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from dinosaur import (
    coordinate_systems,
    filtering,
    primitive_equations,
    sigma_coordinates,
    spherical_harmonic,
    time_integration,
    vertical_interpolation,
)
from dinosaur.primitive_equations import State

from .physics import HUMIDITY, REFERENCE_K, UNITS, Physics, R, saturation
from .settings import PLANET_LEVELS, PlanetSettings
from .surface import Surface

Array = Any
DIFFUSION_ORDER = 3
OUTPUT_H = 6
NOISE_S = 2e-9
"""Std of the initial vorticity of every wave [s-1]."""


class Planet:
    """
    Arguments:
        settings: What it is made of.

    Attributes:
        latitude: Gaussian latitudes, ascending [degrees].
        longitude: From 0 [degrees].
        height_m: Height of the model's ground, shape (latitude, longitude).
    """

    def __init__(self, settings: PlanetSettings) -> None:
        self.settings = settings
        specs = primitive_equations.PrimitiveEquationsSpecs.from_si()
        nodes = int(np.ceil((3 * settings.wavenumbers + 1) / 4))
        grid = spherical_harmonic.Grid.construct(max_wavenumber=settings.wavenumbers, gaussian_nodes=nodes)
        layers = sigma_coordinates.SigmaCoordinates.equidistant(settings.layers)
        self.grid, self.layers, self.specs = grid, layers, specs
        self.coords = coordinate_systems.CoordinateSystem(grid, layers)
        longitude, sine = grid.nodal_mesh
        self.longitude, self.latitude = np.rad2deg(longitude[:, 0]), np.rad2deg(np.arcsin(sine[0]))
        metre = float(specs.nondimensionalize(1 * UNITS.meter))
        rough = settings.height_share * Surface(np.rad2deg(longitude), np.rad2deg(np.arcsin(sine))).height()
        ground = primitive_equations.truncated_modal_orography(rough * metre, self.coords)
        self.ground = filtering.exponential_filter(grid, attenuation=2, order=2)(ground)
        height = np.asarray(grid.to_nodal(self.ground)) / metre
        self.height_m = height.T
        self.physics = Physics(settings, self.coords, specs, height)
        self.reference = np.full(settings.layers, REFERENCE_K * self.physics.kelvin)
        equations = primitive_equations.PrimitiveEquations(self.reference, self.ground, self.coords, specs)
        dt = specs.nondimensionalize(settings.step_min * UNITS.minute)
        damping = time_integration.horizontal_diffusion_step_filter(
            grid, dt, specs.nondimensionalize(settings.diffusion_h * UNITS.hour), DIFFUSION_ORDER
        )
        self._step = time_integration.step_with_filters(time_integration.imex_rk_sil3(equations, dt), [damping])
        self.steps = OUTPUT_H * 60 // settings.step_min

    def initial(self) -> State:
        """Equilibrium temperature, half-saturated air at rest, and noise."""
        grid, physics = self.coords.horizontal, self.physics
        surface = self.settings.mean_pressure_pa * np.exp(-9.81 * self.height_m.T / (R * REFERENCE_K))[None]
        pressure = physics.sigma * surface
        temperature = physics.equilibrium(pressure, jnp.float32(0))
        noise = np.random.default_rng(self.settings.seed).normal(size=self.coords.modal_shape) * grid.mask
        per_second = float(self.specs.nondimensionalize(1 / UNITS.second))
        modal = (
            NOISE_S * per_second * noise,
            np.zeros(self.coords.modal_shape),
            grid.to_modal((temperature - REFERENCE_K) * physics.kelvin),
            grid.to_modal(np.log(surface * physics.pascal)),
            grid.to_modal(saturation(temperature, pressure) / 2),
        )
        vorticity, divergence, warmth, pressure, humidity = (jnp.asarray(field, jnp.float32) for field in modal)
        return State(vorticity, divergence, warmth, pressure, {HUMIDITY: humidity})

    def advance(self, state: State, step: Array) -> tuple[State, Array]:
        """6 hours later: the state and the number of steps since the season began."""

        def one(carry: tuple[State, Array], _: None) -> tuple[tuple[State, Array], None]:
            state, step = carry
            return (self.physics.apply(self._step(state), step), step + 1), None

        return jax.lax.scan(one, (state, step), None, length=self.steps)[0]

    def layers_of(self, state: State) -> Array:
        """T [K], u, v [m s-1] and q [kg kg-1] of all layers, shape (4 layer, latitude, longitude)."""
        grid, physics = self.grid, self.physics
        u, v = self._wind(state)
        temperature = grid.to_nodal(state.temperature_variation) / physics.kelvin + REFERENCE_K
        parts = (temperature, u, v, grid.to_nodal(state.tracers[HUMIDITY]))
        return jnp.concatenate(parts).swapaxes(-1, -2)

    def state_of(self, layers: Array, surface: Array) -> State:
        """The state of what `layers_of` gives and of a surface pressure [Pa], as far as the waves can hold it."""
        grid, physics = self.grid, self.physics
        temperature, u, v, q = jnp.split(layers.swapaxes(-1, -2), 4)
        wind = (part * physics.metre_per_s for part in (u, v))
        vorticity, divergence = spherical_harmonic.uv_nodal_to_vor_div_modal(grid, *wind)
        pressure = jnp.log(surface.T[None] * physics.pascal)
        return State(
            vorticity,
            divergence,
            grid.to_modal((temperature - REFERENCE_K) * physics.kelvin),
            grid.to_modal(pressure),
            {HUMIDITY: grid.to_modal(q)},
        )

    def _wind(self, state: State) -> tuple[Array, Array]:
        """u and v of all layers, shape (layer, longitude, latitude) [m s-1]."""
        parts = spherical_harmonic.get_cos_lat_vector(state.vorticity, state.divergence, self.grid, clip=False)
        physics = self.physics
        u, v = (self.grid.to_nodal(part) / np.cos(physics.latitude) / physics.metre_per_s for part in parts)
        return u, v

    def fields(self, state: State) -> Array:
        """The channels of `PLANET_CHANNELS`, shape (channel, latitude, longitude) [SI].

        Interpolated in the logarithm of pressure by dinosaur's routines; below the lowest layer temperature and
        geopotential go on in a straight line, wind and humidity stay as they are. Humidity is cut at zero.
        """
        grid, physics = self.grid, self.physics
        surface = jnp.exp(grid.to_nodal(state.log_surface_pressure)) / physics.pascal
        temperature = grid.to_nodal(state.temperature_variation) / physics.kelvin + REFERENCE_K
        geopotential = grid.to_nodal(
            primitive_equations.get_geopotential(
                state.temperature_variation, self.reference, self.ground, self.layers, self.specs.g, self.specs.R
            )
        )
        u, v = self._wind(state)
        q = jnp.maximum(grid.to_nodal(state.tracers[HUMIDITY]), 0)
        wanted = jnp.log(100.0 * np.array(PLANET_LEVELS)[:, None, None] / surface)
        known = jnp.log(self.layers.centers)
        on = functools.partial(_interpolate, wanted, known)
        straight, constant = (
            vertical_interpolation.linear_interp_with_linear_extrap,
            vertical_interpolation.vertical_interpolation,
        )
        parts = (
            on(straight, geopotential / physics.metre_per_s**2),
            on(straight, temperature),
            on(constant, u),
            on(constant, v),
            on(constant, q),
            surface,
        )
        return jnp.concatenate(parts).swapaxes(-1, -2)


def _interpolate(wanted: Array, known: Array, rule: Callable[..., Array], field: Array) -> Array:
    return vertical_interpolation.vectorize_vertical_interpolation(rule)(wanted, known, field)
