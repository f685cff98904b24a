"""Gridded files on disk: opening, layouts, names, units; and files that are whole or absent."""

from .layout import standardise
from .opening import open_fields, open_forecasts
from .place import Place
from .reading import as_slice, guard, read_fields
from .variables import ABSENT_LEVELS, Location, list_channels, locate
from .wb2_export import export_wb2
from .whole import file_hash, write_whole

__all__ = [
    "ABSENT_LEVELS",
    "Location",
    "Place",
    "as_slice",
    "export_wb2",
    "file_hash",
    "guard",
    "list_channels",
    "locate",
    "open_fields",
    "open_forecasts",
    "read_fields",
    "standardise",
    "write_whole",
]
