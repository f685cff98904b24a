"""How far a sweep has come, in words."""

import io

import pytest
from rich.console import Console

from benchmark.running.sweeping.sweep import Count
from benchmark.sweep_progress import SweepLines, sweep_words


@pytest.mark.parametrize(
    ("left", "words"),
    [(850, "~14 min left"), (40, "~40 s left"), (9000, "~2.5 h left"), (0, "~0 s left")],
)
def test_units_experiments_and_time_are_told(left, words):
    count = Count(412, 960, 3, 24, left)
    assert sweep_words(count) == f"412/960 case-chunks, 3/24 experiments done, {words}"


def test_time_that_is_not_known_is_left_out():
    assert sweep_words(Count(0, 960, 0, 24, None)) == "0/960 case-chunks, 0/24 experiments done"


def test_counts_begin_with_what_is_there_and_end_with_all(sweep, tmp_path):
    first = sweep(tmp_path, order=lambda units: units[:31]).progress.counts
    assert (first[0].units, first[0].of_units, first[0].experiments, first[0].of_experiments) == (0, 60, 0, 10)
    assert first[0].left_s is None
    assert [count.units for count in first] == list(range(32))
    second = sweep(tmp_path).progress.counts
    assert second[0].units == 31
    assert second[0].experiments == 5
    assert second[0].left_s > 0
    assert (second[-1].units, second[-1].experiments, second[-1].left_s) == (60, 10, 0)


def test_time_that_is_left_is_shared_by_the_workers_and_shrinks(sweep, odd, tmp_path, monkeypatch):
    monkeypatch.setenv("SHIFT_SLEEP_S", "0.02")
    counts = sweep(tmp_path, methods=[odd("Shift")], obs_frac=0.1).progress.counts
    # after half of the chunks a half of 24 x 0.02 s is left, and what the baselines take
    assert counts[9].left_s == pytest.approx(0.24, abs=0.2)
    assert counts[9].left_s > counts[-2].left_s > counts[-1].left_s == 0


@pytest.fixture
def told(sweep, odd, tmp_path):
    """What an observer in or out of a terminal prints of a sweep of which one method fails."""

    def read(terminal):
        text = io.StringIO()
        swept = sweep(tmp_path, methods=["3dvar", odd("Raiser")], obs_frac=0.1)
        with SweepLines(Console(file=text, force_terminal=terminal, width=200)) as lines:
            lines.planning(0, 1)
            lines.begin(swept.progress.counts[0])
            entries = swept.plan.entries
            for entry in entries[:3]:
                lines.advance(entry, 4, 24, swept.progress.counts[1])
            for entry in entries[:2] if terminal else entries[:3]:
                lines.advance(entry, 24, 24, swept.progress.counts[-1])
            lines.fail(swept.report.failures[0])
        return text.getvalue()

    return read


def test_without_a_terminal_there_is_a_log(told):
    lines = told(terminal=False).splitlines()
    assert lines[0] == "0/24 case-chunks, 0/4 experiments done"
    assert [line.partition(";")[0] for line in lines[1:4]] == [
        *("tiny: background: 24 cases", "tiny: climatology: 24 cases", "tiny: 3dvar: 24 cases")
    ]
    assert "18/24 case-chunks, 3/4 experiments done" in lines[1]
    assert "failed tiny" in lines[4]
    assert "the dog ate it" in " ".join(lines[4:])


def test_in_a_terminal_experiments_and_the_total_stay_in_place(told):
    text = told(terminal=True)
    assert "tiny: 3dvar: 4/24 cases" in text
    assert "tiny: background" not in text
    assert "18/24 case-chunks, 3/4 experiments done" in text
    assert "the dog ate it" in text
