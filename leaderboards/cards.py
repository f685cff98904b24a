"""A method's card in the terminal."""

__all__ = ["print_card"]

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

WORDS = {True: "yes", False: "no", None: "not said"}


def print_card(card: Mapping[str, Any], console: Console) -> None:
    """
    Arguments:
        card: As `method_card` or `card_of` makes it.
        console: Where to print.
    """
    console.print(f"\n[bold]{escape(card['label'])}[/bold]", highlight=False)
    table = _table()
    table.add_row("method", escape(f"{card['name']}, version {card['version']}"))
    table.add_row("family", escape(card["family"]))
    table.add_row("paper", escape(", ".join(filter(None, (card["paper"], card["url"]))) or "-"))
    uses = card["uses"]
    told = "not known: the method is not installed here"
    if uses is not None:
        told = ", ".join(f"{what}: {WORDS[value]}" for what, value in uses.items())
    table.add_row("uses", told)
    for world, part in card["worlds"].items():
        table.add_row(escape(f"on {world}"), "")
        for line in _of_world(part):
            table.add_row(*map(escape, line))
    console.print(table, highlight=False)


def _of_world(part: Mapping[str, Any]) -> list[tuple[str, str]]:
    parts = [f"{name} {part['hashes'].get(name, '')[:12]}".strip() for name in part["components"]]
    parameters = [f"{key}={value}" for key, value in part["parameters"].items()]
    return [
        ("  training years", part["training_years"] or "-"),
        ("  weights", part["weights"] or "-"),
        ("  components", ", ".join(parts) or "-"),
        ("  tuning trials", str(part["trials"]) if part["trials"] else "not tuned"),
        ("  parameters", ", ".join(parameters) or "-"),
    ]


def _table() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table
