"""What drives the planet beside its dynamics, once a time step: heating, friction, water and mass.

Held & Suarez (1994) relax temperature towards an equilibrium and slow the wind near the ground. Here the
equilibrium has a season (of the hemispheres' antisymmetric kind, as in Zhang & Held, 1999), and water is a tracer
after Thatcher & Jablonowski (2016, doi:10.5194/gmd-9-1263-2016): bulk evaporation from a prescribed surface,
mixing near the ground, and condensation of all that is above saturation.
"""

__all__ = ["Physics"]

from typing import Any

import jax.numpy as jnp
import numpy as np
from dinosaur import primitive_equations, scales, spherical_harmonic
from dinosaur.coordinate_systems import CoordinateSystem
from dinosaur.primitive_equations import PrimitiveEquationsSpecs, State

from .settings import PlanetSettings
from .surface import Surface

Array = Any
UNITS = scales.units
HUMIDITY = "specific_humidity"
REFERENCE_K = 270.0
"""The model's temperatures are departures from this."""

DAY_S = 86400.0
YEAR_S = 365.2425 * DAY_S
R, CP, KAPPA = 287.0, 1004.0, 2 / 7
R_VAPOUR, LATENT_HEAT, GAS_RATIO = 461.5, 2.5e6, 0.622
LAPSE_K_PER_M = 6.5e-3
SURFACE_K, TOP_K, STRATOSPHERE_K = 315.0, 10.0, 200.0
FRICTION_S, FREE_S, GROUND_S = DAY_S, 40 * DAY_S, 4 * DAY_S
BOUNDARY = 0.7
TRANSFER, BOUNDARY_DEPTH_M, GUST_M_S = 1.2e-3, 1000.0, 2.0
COLDEST_DAY, COLDEST_SEA_DAY, SEA_SHIFT_DEG = 20.0, 45.0, 8.0


class Physics:
    """
    Arguments:
        settings: The planet's.
        coords: The model's grid and layers.
        specs: Units and constants.
        height_m: Height of the model's ground, shape (longitude, latitude).
    """

    def __init__(
        self, settings: PlanetSettings, coords: CoordinateSystem, specs: PrimitiveEquationsSpecs, height_m: np.ndarray
    ) -> None:
        self.settings, self.coords = settings, coords
        self.kelvin, self.pascal, self.metre_per_s = (
            float(specs.nondimensionalize(1 * UNITS(unit))) for unit in ("kelvin", "pascal", "meter/second")
        )
        longitude, sine = coords.horizontal.nodal_mesh
        self.sine, self.latitude, self.height_m = sine, np.arcsin(sine), height_m
        self.wetness = Surface(np.rad2deg(longitude), np.rad2deg(self.latitude)).wetness()
        self.sigma = coords.vertical.centers[:, None, None]
        self.dt = 60.0 * settings.step_min
        depth = np.maximum(0, (self.sigma - BOUNDARY) / (1 - BOUNDARY))
        self.slowing = np.exp(-self.dt * depth / FRICTION_S)
        rate = 1 / FREE_S + (1 / GROUND_S - 1 / FREE_S) * depth * np.cos(self.latitude) ** 4
        self.heating = 1 - np.exp(-self.dt * rate)
        weights = np.broadcast_to(coords.horizontal.quadrature_weights, self.latitude.shape)
        self.weights = weights / weights.sum()
        self.mixed = np.flatnonzero(coords.vertical.centers > BOUNDARY - 0.05)

    def season(self, step: Array) -> Array:
        """Phase of the year after a number of steps, 0 on 1 January [rad]."""
        return 2 * jnp.pi * ((step.astype(jnp.float32) * (self.dt / YEAR_S)) % 1.0)

    def equilibrium(self, pressure: Array, phase: Array) -> Array:
        """Held & Suarez' radiative equilibrium with a season, shape (layer, longitude, latitude) [K].

        Arguments:
            pressure: Of the layers [Pa].
        """
        p = pressure / 1e5
        cold = jnp.cos(phase - 2 * np.pi * COLDEST_DAY / 365)
        warm = SURFACE_K - self.settings.pole_contrast_k * self.sine**2 - self.settings.season_k * self.sine * cold
        theta = warm - TOP_K * jnp.log(p) * np.cos(self.latitude) ** 2
        return jnp.maximum(STRATOSPHERE_K, theta * p**KAPPA)

    def surface_temperature(self, phase: Array) -> Array:
        """Of the sea, and of land as if it were sea, cooler with height (Thatcher & Jablonowski, eq. 4) [K]."""
        warmest = -np.deg2rad(SEA_SHIFT_DEG) * jnp.cos(phase - 2 * np.pi * COLDEST_SEA_DAY / 365)
        sea = 271 + 29 * jnp.exp(-((self.latitude - warmest) ** 2) / (2 * np.deg2rad(26) ** 2))
        return sea - LAPSE_K_PER_M * self.height_m

    def apply(self, state: State, step: Array) -> State:
        """The state after one time step's physics."""
        grid = self.coords.horizontal
        temperature = grid.to_nodal(state.temperature_variation) / self.kelvin + REFERENCE_K
        surface = jnp.exp(grid.to_nodal(state.log_surface_pressure)) / self.pascal
        pressure, phase = self.sigma * surface, self.season(step)
        warming = self.heating * (self.equilibrium(pressure, phase) - temperature)
        humidity = grid.to_nodal(state.tracers[HUMIDITY])
        moist, latent = self._water(humidity, temperature, pressure, surface, self._wind(state), phase)
        # dry mass is water's carrier here: the log-pressure form of the dynamics conserves it only nearly
        excess = jnp.log(self.settings.mean_pressure_pa / jnp.sum(self.weights * surface))
        return state.replace(
            vorticity=state.vorticity * self.slowing,
            divergence=state.divergence * self.slowing,
            temperature_variation=state.temperature_variation + grid.to_modal((warming + latent) * self.kelvin),
            log_surface_pressure=primitive_equations._add_constant(state.log_surface_pressure, excess),
            tracers={HUMIDITY: state.tracers[HUMIDITY] + grid.to_modal(moist - humidity)},
        )

    def _wind(self, state: State) -> Array:
        """Speed in the lowest layer, shape (longitude, latitude) [m s-1]."""
        grid = self.coords.horizontal
        lowest = spherical_harmonic.get_cos_lat_vector(state.vorticity[-1:], state.divergence[-1:], grid, clip=False)
        u, v = (grid.to_nodal(part)[0] / np.cos(self.latitude) / self.metre_per_s for part in lowest)
        return jnp.sqrt(u**2 + v**2 + GUST_M_S**2)

    def _water(
        self, humidity: Array, temperature: Array, pressure: Array, surface: Array, wind: Array, phase: Array
    ) -> tuple[Array, Array]:
        """New humidity [kg kg-1] and the warming by condensation [K]."""
        q = jnp.maximum(humidity, 0)
        rate = self.dt * TRANSFER * wind / BOUNDARY_DEPTH_M * self.wetness
        supply = saturation(self.surface_temperature(phase), surface[0])
        q = q.at[-1].add(jnp.maximum(supply - q[-1], 0) * rate / (1 + rate))
        lower = q[self.mixed]
        q = q.at[self.mixed].add((lower.mean(0) - lower) * (1 - np.exp(-self.dt / DAY_S)))
        limit = saturation(temperature, pressure)
        share = self.settings.latent_share
        slope = LATENT_HEAT**2 * limit / (CP * R_VAPOUR * temperature**2)
        rain = jnp.maximum(q - limit, 0) / (1 + share * slope)
        return q - rain, share * LATENT_HEAT / CP * rain


def saturation(temperature: Array, pressure: Array) -> Array:
    """Specific humidity at saturation over water (Bolton, 1980) [kg kg-1]; temperature [K], pressure [Pa]."""
    vapour = 611.2 * jnp.exp(17.67 * (temperature - 273.15) / (temperature - 29.65))
    vapour = jnp.minimum(vapour, pressure / 2)
    return GAS_RATIO * vapour / (pressure - (1 - GAS_RATIO) * vapour)
