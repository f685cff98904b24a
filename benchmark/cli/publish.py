"""`bench publish`."""

__all__ = ["publish"]

from pathlib import Path

import click


@click.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the site.")
@click.option("--results", default="results", show_default=True, help="Folder or URL of the results.")
@click.option("--region", help="Region whose scores are shown; the globe if not given.")
@click.option("--where", "conditions", multiple=True, help="KEY=VALUE, such as world=twin; repeat it.")
@click.option(
    "--snapshot",
    "snapshots",
    multiple=True,
    type=click.Path(path_type=Path),
    help="File of bench snapshot: maps of a case. Those in RESULTS/snapshots are taken of themselves; repeat it.",
)
@click.option("--readme", type=click.Path(path_type=Path), help="Write the main tables to this Markdown file too.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def publish(
    out: Path,
    results: str,
    region: str | None,
    conditions: tuple[str, ...],
    snapshots: tuple[Path, ...],
    readme: Path | None,
    debug: bool,
) -> None:
    """Write the leaderboard as a static page, that needs no server and asks nothing of the network."""
    from benchmark.files import write_whole
    from benchmark.running.results.opening import open_results
    from benchmark.running.snapshots import find_snapshots
    from leaderboards.content import build_content, downloads_of
    from leaderboards.markdown import leaderboard
    from leaderboards.site import build_site

    found = open_results(results, conditions, region)
    content = build_content(found, find_snapshots(results, snapshots))
    build_site(content, out, downloads_of(found, content))
    if readme is not None:
        text = leaderboard(found)
        write_whole(readme, lambda path: path.write_text(text))
    size = (out / "index.html").stat().st_size / 1e6
    click.echo(f"{out / 'index.html'}: {len(found)} experiments, {size:.1f} MB")
