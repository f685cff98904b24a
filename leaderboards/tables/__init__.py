"""Comparison tables for two axes, as text for terminals, papers and programs."""

from .building import TableRequest, build_tables, statistics_of
from .formats import FORMATS, write_tables
from .table import Cell, Row, Table

__all__ = ["FORMATS", "Cell", "Row", "Table", "TableRequest", "build_tables", "statistics_of", "write_tables"]
