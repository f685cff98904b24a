"""The page as one HTML text."""

__all__ = ["GENERATOR", "render_page"]

from collections.abc import Mapping
from typing import Any

import jinja2

from benchmark.problem import BenchError

from .embedding import content_policy, script_json
from .packing import pack_rows
from .sources import FOLDER, LIBRARIES, library_styles, scripts, style_sheet

GENERATOR = b'<meta name="generator" content="assimbench'
APART = ("spectra", "reliability", "maps")
"""Parts of a world's content in elements of their own, which the browser reads when it gets there."""
KINDS = {
    ".csv": "All scores, for a spreadsheet or any programme",
    ".parquet": "All scores, typed and compressed, for pandas, R or DuckDB",
    ".json": "All that this page shows",
}


def render_page(content: Mapping[str, Any], downloads: Mapping[str, int]) -> str:
    """
    Arguments:
        content: As of `build_site`.
        downloads: File name -> bytes of the files beside the page.

    Raises:
        BenchError: If the content has no world, or is not JSON.
    """
    if not content.get("worlds"):
        raise BenchError("There is nothing to publish: the content has no world. Give results with --store.")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    code, style = scripts(), style_sheet()
    return environment.get_template("page.html.j2").render(
        policy=content_policy(code, [style, *library_styles()]),
        title=content.get("title", "assimbench"),
        version=content.get("version", ""),
        texts={key: content.get(key, "") for key in ("convention", "ranking_rule", "intervals")},
        style=style,
        scripts=code,
        data={name: script_json(part) for name, part in _parts(content).items()},
        downloads=[_download(name, size) for name, size in downloads.items()],
        libraries=LIBRARIES,
    )


def _parts(content: Mapping[str, Any]) -> dict[str, Any]:
    """Element id -> its data. The first has everything but what stands apart; there it says whether there is any."""
    worlds = content["worlds"]
    first = {**content, "worlds": [_without_parts(world) for world in worlds]}
    apart = {f"data-{i}-{part}": w[part] for i, w in enumerate(worlds) for part in APART if w.get(part) is not None}
    return {"data": first, **apart}


def _without_parts(world: Mapping[str, Any]) -> dict[str, Any]:
    rows = pack_rows(world["rows"], [channel["name"] for channel in world["channels"]])
    return {**world, "rows": rows, **{part: world.get(part) is not None for part in APART}}


def _download(name: str, size: int) -> dict[str, str]:
    about = next((text for end, text in KINDS.items() if name.endswith(end)), "")
    told = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(size / 1e3, 0.1):.1f} kB"
    return {"name": name, "size": told, "about": about}
