"""The trials of a tuning, in the terminal."""

__all__ = ["print_tuning", "yaml_entries"]

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmark.running.tuning.record import Trial, Tuning
from leaderboards.terminal import plain_table, with_interval

NOT_CHOSEN = {"ok": "", "over-budget": "over budget", "diverged": "diverged", "failed": "failed"}


def print_tuning(tunings: Sequence[Tuning], out: Path, console: Console) -> None:
    """Every method's trials and its best, and what goes into the world's YAML file.

    Arguments:
        tunings: Of one world.
        out: The results' folder.
        console: Where to print.
    """
    first = tunings[0]
    console.print(f"\n[bold]{first.world['name']}: tuning on the validation year[/bold]")
    console.print(
        f"{first.cases} cases, {first.first_case[:10]} to {first.last_case[:10]}; seed {first.seed}; "
        f"{first.asked} trials a method; budget: {first.budget}"
    )
    for tuning in tunings:
        console.print(_trials(tuning))
        for trial in tuning.trials:
            if trial.outcome == "failed":
                console.print(f"[dim]trial {trial.number} failed: {escape(trial.reason)}[/dim]")
            elif trial.outcome == "diverged":
                lost = max(score.diverged for score in trial.scores)
                console.print(f"[dim]trial {trial.number} lost {lost} cases; its scores are without them[/dim]")
        console.print(_verdict(tuning))
    console.print(
        f"[dim]{first.convention}. A trial's score is the mean over the observed fractions; its cost a case is that of "
        f"the fraction where it costs most.[/dim]"
    )
    folder = escape(str(out / "tuning" / first.world["name"]))
    console.print(f"All trials, with intervals: {folder}", soft_wrap=True, highlight=False)
    if entries := yaml_entries(tunings):
        console.print(f"\nFor the YAML file of the world:\n\n{escape(entries)}", soft_wrap=True, highlight=False)


def yaml_entries(tunings: Sequence[Tuning]) -> str:
    """The chosen settings as they stand in a world's YAML file; empty if there are none."""
    lines = [f"  {tuning.method['name']}: {_flow(tuning.chosen.entry)}" for tuning in tunings if tuning.chosen]
    return "\n".join(["methods:", *lines]) if lines else ""


def _flow(entry: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(entry), default_flow_style=True, sort_keys=False, width=1000).strip()


def _trials(tuning: Tuning) -> Table:
    percents = [f"{100 * float(fraction):g} %" for fraction in tuning.observing]
    table = plain_table(tuning.method["name"], "trial", *percents, "mean", "s / case", "calls\n/ case", "")
    table.columns[0].min_width = None
    table.add_column("setting", overflow="fold", min_width=20)
    for trial in tuning.trials:
        table.add_row(*_cells(trial, tuning), style="bold" if _is_chosen(trial, tuning) else None)
    return table


def _cells(trial: Trial, tuning: Tuning) -> list[str]:
    setting = ", ".join(f"{key} {_word(trial.parameters[key])}" for key in tuning.space)
    last = ["chosen" if _is_chosen(trial, tuning) else NOT_CHOSEN[trial.outcome], escape(setting)]
    costs = ["-", "-"] if trial.seconds is None else [f"{trial.seconds:.2g}", f"{trial.calls:.0f}"]
    if trial.mean is None:
        return [str(trial.number), *("-" for _ in tuning.observing), "-", *costs, *last]
    errors = [f"{score.relative_error:.4f}" for score in trial.scores]
    return [str(trial.number), *errors, f"{trial.mean:.4f}", *costs, *last]


def _verdict(tuning: Tuning) -> str:
    name, first, best = tuning.method["name"], tuning.trials[0], tuning.best()
    if best is None:
        return f"No trial of {name} can be chosen: every one failed, lost cases or is over the budget."
    errors = "; ".join(
        f"{100 * s.obs_frac:g} %: {with_interval(s.model_dump() | {'value': s.relative_error})}" for s in best.scores
    )
    if best.number == 0:
        return f"The current setting of {name} is the best of {len(tuning.trials)}. {escape(errors)}"
    before = f"it has {first.mean:.4f}" if first.outcome == "ok" else f"it is {first.outcome.replace('-', ' ')}"
    return (
        f"Trial {best.number} is the best of {len(tuning.trials)}: {best.mean:.4f}; the current setting is trial 0, "
        f"and {before}. {escape(errors)}"
    )


def _is_chosen(trial: Trial, tuning: Tuning) -> bool:
    return tuning.chosen is not None and trial.number == tuning.chosen.trial


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
