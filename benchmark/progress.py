"""Progress bars on standard error, so that standard output stays a table or one JSON object."""

__all__ = ["ProgressBars"]

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class ProgressBars:
    """A rich progress display that lives in a `with` block: a bar for every network, or one for all cases."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[note]}[/dim]"),
        )
        self.progress = Progress(*columns, console=self.console, transient=not self.console.is_terminal)
        self.task: TaskID | None = None

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def start(self, label: str, steps: int, done: int) -> None:
        """A new bar, `done` of `steps` already there."""
        self.task = self.progress.add_task(label, total=steps, completed=done, note="")

    def step(self, count: int = 1) -> None:
        """`count` steps further."""
        if self.task is not None:
            self.progress.advance(self.task, count)

    def note(self, text: str) -> None:
        """What stands beside the bar; where there is no terminal it is printed as a line."""
        if self.task is None:
            return
        self.progress.update(self.task, note=text)
        if not self.console.is_terminal:
            self.console.print(f"{self.progress.tasks[self.task].description}: {text}", highlight=False)
