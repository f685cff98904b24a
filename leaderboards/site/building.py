"""Writes the folder of a published page, whole or not at all."""

__all__ = ["build_site"]

import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmark.files.whole import temporary_name
from benchmark.problem import BenchError, first_line

from .page import GENERATOR, render_page
from .sources import licences

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
CONTENTS = {"index.html", "downloads", "licences", ".nojekyll"}
"""All that a page's folder holds; with anything else in it, it is somebody's folder and is left alone."""


def build_site(content: Mapping[str, Any], out: Path, downloads: Mapping[str, bytes] = MappingProxyType({})) -> None:
    """Writes `index.html`, the files to download, and the licences of the libraries within the page.

    Arguments:
        content: What the page shows, JSON-able, as of `leaderboards.content.build_content`. Its texts may be anybody's:
            they are shown as text.
        out: The folder. It may hold a page made before, which is replaced.
        downloads: File name -> bytes.

    Raises:
        BenchError: If the folder holds anything else, cannot be written, or the content cannot be shown; then it is as
            it was.
    """
    for name in downloads:
        if not FILE_NAME.fullmatch(name):
            raise BenchError(f"'{name}' cannot be the name of a download; use letters, digits, '.', '_' and '-'.")
    page = render_page(content, {name: len(data) for name, data in downloads.items()})
    files = {"index.html": page.encode(errors="replace"), ".nojekyll": b""}
    files |= {f"downloads/{name}": data for name, data in downloads.items()}
    files |= {f"licences/{name}": text.encode() for name, text in licences().items()}
    out = out.expanduser().resolve()
    _refuse_strangers(out)
    _replace(out, files)


def _refuse_strangers(out: Path) -> None:
    try:
        if not out.exists():
            return
        if not out.is_dir():
            raise BenchError(f"{out} is a file; name a folder for the page with --out.")
        found = {path.name for path in out.iterdir()}
        strangers = sorted(found - CONTENTS)
        made_here = not found or (
            (out / "index.html").is_file() and GENERATOR in (out / "index.html").read_bytes()[:4096]
        )
    except OSError as error:
        raise BenchError(f"{out} cannot be read ({first_line(error)}); name another folder with --out.") from error
    if strangers or not made_here:
        cause = f"'{strangers[0]}' in it is not of a page" if strangers else "what is in it is not of a page"
        raise BenchError(
            f"{out} is not replaced, for {cause} made by this command; name a new or empty folder with --out."
        )


def _replace(out: Path, files: Mapping[str, bytes]) -> None:
    """Writes all beside the folder, then puts it into the folder's place."""
    unique = uuid.uuid4().hex
    part, old = (out.with_name(temporary_name(f"{out.name}.{end}", unique)) for end in ("new", "old"))
    try:
        for name, data in files.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if out.exists():
            out.rename(old)
        try:
            part.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    except OSError as error:
        raise BenchError(
            f"{out} cannot be written ({first_line(error)}); make room, or name another folder with --out."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
