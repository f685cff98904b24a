"""All checks of a submission, in an order in which each may rely on those before it."""

__all__ = ["VerifyRequest", "verify"]

import dataclasses
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmark.problem import BenchError, first_line

from ..runner import Progress
from .archive import extract
from .checks import Check, RefusedError, UndoneError, Verification, printable
from .consistency import check_consistency
from .contents import Submission, check_manifest, read_submission
from .identity import check_identity
from .rerunning import check_rerun
from .rescoring import check_scores
from .standard import compare_with_standard, read_standard
from .worlds import Worlds, check_world


@dataclasses.dataclass(frozen=True)
class VerifyRequest:
    """
    Arguments:
        file: The archive.
        standard: A published folder or a store that it is held against, None for none.
        data: World -> path or URL of its fields.
        weights: Folder of the verifier's own weights, for worlds whose background needs them.
        trust_code: Whether packed code may be executed.
        rerun: Whether packed cases are run again.
    """

    file: Path
    standard: Path | str | None = None
    data: Mapping[str, str] = dataclasses.field(default_factory=dict)
    weights: Path | None = None
    trust_code: bool = False
    rerun: bool = True


def verify(request: VerifyRequest, progress: Progress, worlds: Worlds | None = None) -> Verification:
    """Checks an archive. Nothing is written but into a temporary folder, which is removed whatever happens.

    Arguments:
        request: What is checked, and against what.
        progress: Hears of progress.
        worlds: Open ones, None to open what is needed.

    Raises:
        BenchError: If there is no such file.
    """
    if not request.file.is_file():
        raise BenchError(f"There is no file {request.file}; check its path.")
    with tempfile.TemporaryDirectory(prefix="bench-verify-") as folder:
        worlds = worlds or Worlds(request.data, request.weights)
        return _Verifying(request, Path(folder), worlds, progress).run()


class _Verifying:
    """
    Arguments:
        request, worlds, progress: As of `verify`.
        folder: An empty one.
    """

    def __init__(self, request: VerifyRequest, folder: Path, worlds: Worlds, progress: Progress) -> None:
        self.request, self.folder, self.worlds, self.progress = request, folder, worlds, progress
        self.checks: list[Check] = []
        self.submission: Submission | None = None

    def run(self) -> Verification:
        steps: dict[str, Callable[[], str]] = {
            "archive": self._read,
            "identity": lambda: check_identity(self._read_one),
            "consistency": lambda: check_consistency(self._read_one),
            "standard": self._standard,
            "world": lambda: check_world(self._read_one, self.worlds),
            "scores": lambda: check_scores(self._read_one, self.worlds),
            "rerun": self._rerun,
        }
        for name, step in steps.items():
            self.checks.append(self._check(name, step))
        results = self.submission.results if self.submission else None
        rerun = self.checks[-1].verdict == "passed"
        return Verification(str(self.request.file), tuple(self.checks), results, rerun)

    def _check(self, name: str, step: Callable[[], str]) -> Check:
        if failed := [check.name for check in self.checks if check.verdict == "failed"]:
            return Check(name, "not done", f"after what failed: {failed[0]}")
        try:
            return Check(name, "passed", printable(step()))
        except UndoneError as undone:
            return Check(name, "not done", printable(str(undone)), undone.needed)
        except BenchError as error:
            return Check(name, "failed", printable(str(error)))
        except Exception as error:  # what nobody has thought of is not let through
            kind = type(error).__name__
            return Check(name, "failed", printable(f"it cannot be looked at ({kind}: {first_line(error)})"))

    @property
    def _read_one(self) -> Submission:
        assert self.submission is not None
        return self.submission

    def _read(self) -> str:
        try:
            extracted = extract(self.request.file, self.folder / "members")
        except OSError as error:
            raise RefusedError(f"it cannot be read ({error.strerror or error})") from None
        told = check_manifest(extracted)
        self.submission = read_submission(extracted, told)
        return f"{len(extracted.paths)} members, as its manifest says"

    def _standard(self) -> str:
        if self.request.standard is None:
            raise UndoneError("there is no standard; name one with --standard", needed=False)
        region = self._read_one.results.region
        try:
            standard = read_standard(self.request.standard, region)
        except BenchError as error:
            raise UndoneError(f"the standard cannot be read: {error}") from None
        return compare_with_standard(self._read_one, standard)

    def _rerun(self) -> str:
        submission = self._read_one
        own = any(submission.description(result.id).built_in for result in submission.results)
        if not self.request.rerun:
            raise UndoneError("nothing was run again", needed=own)
        if undone := [check.name for check in self.checks if check.verdict == "not done" and check.needed]:
            raise UndoneError(f"without {' and '.join(undone)}")
        return check_rerun(submission, self.worlds, self.folder, self.request.trust_code, self.progress)
