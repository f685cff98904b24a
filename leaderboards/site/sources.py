"""The page's own scripts and style sheet, and the libraries bundled with it."""

__all__ = ["LIBRARIES", "library_styles", "licences", "own_script", "scripts", "style_sheet"]

import re
from pathlib import Path

FOLDER = Path(__file__).parent
LIBRARIES = {"d3": "D3 7.9.0", "plot": "Observable Plot 0.6.17"}
"""Both under the ISC licence; the charts are made with the second, which needs the first."""
SCRIPTS = (
    *("dom", "format", "content", "colours", "controls", "chart", "grid_table"),
    *("overview", "scorecard", "table_columns", "table_filters", "table_rows", "table"),
    *("axes", "skill", "cost", "reliability", "ranks", "spectra", "fields", "maps", "cards", "sections", "main"),
)
PLOT_CLASS = "plot"
"""The class that the page's scripts give to every chart; its library's style sheets name it."""


def scripts() -> list[str]:
    """The texts of the page's scripts, in their order."""
    return [*(_read(f"vendor/{name}.min.js") for name in LIBRARIES), own_script()]


def own_script() -> str:
    """The page's own scripts as one, in a scope of its own."""
    parts = [f"// {name}\n{_read(f'js/{name}.js')}" for name in SCRIPTS]
    return "\n".join(['"use strict";\n(() => {', *parts, "})();\n"])


def style_sheet() -> str:
    """The page's style sheet."""
    return _read("page.css")


def library_styles() -> list[str]:
    """Style sheets that the chart library puts into its charts and legends, as the browser gets to see them."""
    found = re.findall(r'\.append\("style"\)\.text\(`(.*?)`\)', _read("vendor/plot.min.js"), re.DOTALL)
    return [re.sub(r"\$\{\w+\}", PLOT_CLASS, text).replace(r"\n", "\n") for text in found]


def licences() -> dict[str, str]:
    """File name -> licence of each library."""
    return {f"{name}.txt": _read(f"vendor/{name}.LICENSE.txt") for name in LIBRARIES}


def _read(name: str) -> str:
    # browsers read a carriage return as a line feed, and would come to another hash
    return (FOLDER / name).read_text(encoding="utf-8").replace("\r\n", "\n")
