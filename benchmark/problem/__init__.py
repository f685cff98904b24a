"""The words that every part of the benchmark speaks."""

from .analysis import Analysis, Cost, Status
from .channels import Channel, describe, parse_channel, select_channels
from .errors import BenchError, closest, first_line
from .geostrophy import Geostrophy
from .grid import Grid
from .hashing import hash_arrays, hash_json, seed_from
from .method import FAMILIES, Component, Family, Method, Need
from .noise import CaseNoise
from .normalisation import Normalisation
from .observations import Observations
from .operators import LinearOperator, Operator
from .oracle import Oracle
from .pointwise import PointwiseOperator
from .problem import Archive, Problem
from .search import Choice, Range, Real, Whole

__all__ = [
    "FAMILIES",
    "Analysis",
    "Archive",
    "BenchError",
    "CaseNoise",
    "Channel",
    "Choice",
    "Component",
    "Cost",
    "Family",
    "Geostrophy",
    "Grid",
    "LinearOperator",
    "Method",
    "Need",
    "Normalisation",
    "Observations",
    "Operator",
    "Oracle",
    "PointwiseOperator",
    "Problem",
    "Range",
    "Real",
    "Status",
    "Whole",
    "closest",
    "describe",
    "first_line",
    "hash_arrays",
    "hash_json",
    "parse_channel",
    "seed_from",
    "select_channels",
]
