"""How far a sweep has come, on standard error: in a terminal as lines that stay in place, elsewhere as a log."""

__all__ = ["SweepLines", "sweep_words"]

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.text import Text

if TYPE_CHECKING:
    from benchmark.running.sweeping.plan import Entry
    from benchmark.running.sweeping.sweep import Count, Failure

RECENT = 6
"""Experiments that are shown at once."""

LOG_S = 30.0
"""Between two lines of a log, beside those that tell of a finished experiment."""


class SweepLines:
    """Lives in a `with` block."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self._live = Live(console=self.console, refresh_per_second=4, transient=True)
        self._recent: dict[str, str] = {}
        self._said = 0.0

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def planning(self, done: int, total: int) -> None:
        """Hears how many settings are planned."""
        if self.console.is_terminal:
            self._live.update(Text(f"planning: {done}/{total} settings"))

    def begin(self, count: "Count") -> None:
        """The sweep begins."""
        self._show(count)

    def advance(self, entry: "Entry", done: int, total: int, count: "Count") -> None:
        """A unit is done."""
        name = f"{entry.setting}: {entry.label}"
        self._recent.pop(name, None)
        if done < total:
            self._recent[name] = f"{done}/{total} cases"
        elif not self.console.is_terminal:
            self._log(f"{name}: {total} cases; {sweep_words(count)}")
        while len(self._recent) > RECENT:
            self._recent.pop(next(iter(self._recent)))
        self._show(count)

    def fail(self, failure: "Failure") -> None:
        """An experiment cannot be done."""
        entry = failure.entry
        where = self._live.console if self.console.is_terminal else self.console
        where.print(f"[red]failed[/red] {escape(f'{entry.setting}: {entry.label}: {failure.reason}')}", highlight=False)

    def _show(self, count: "Count") -> None:
        words = sweep_words(count)
        if self.console.is_terminal:
            lines = [Text(f"  {name}: {done}", style="dim", no_wrap=True) for name, done in self._recent.items()]
            self._live.update(Group(*lines, Text(words)))
        elif time.monotonic() - self._said > LOG_S:
            self._log(words)

    def _log(self, words: str) -> None:
        self._said = time.monotonic()
        self.console.print(escape(words), highlight=False, soft_wrap=True)


def sweep_words(count: "Count") -> str:
    """Such as `412/960 case-chunks, 3/24 experiments done, ~14 min left`."""
    done = f"{count.units}/{count.of_units} case-chunks, {count.experiments}/{count.of_experiments} experiments done"
    return done if count.left_s is None else f"{done}, ~{_duration(count.left_s)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
