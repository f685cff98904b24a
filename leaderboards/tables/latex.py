"""A table as LaTeX, for the package booktabs."""

__all__ = ["as_latex"]

from collections.abc import Sequence

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def as_latex(
    title: str,
    heads: Sequence[str],
    rows: Sequence[tuple[Sequence[str], Sequence[bool], str]],
    notes: Sequence[str],
) -> str:
    """A floating table; it needs `\\usepackage{booktabs}`.

    Arguments:
        title: The caption's first sentence.
        heads: Of the columns.
        rows: Texts of a line, which of them behind the first are bold, and the kind of line: a rule parts kinds.
        notes: The rest of the caption.
    """
    lines = []
    previous = rows[0][2] if rows else ""
    for texts, bold, kind in rows:
        if kind != previous:
            lines.append(r"\midrule")
        previous = kind
        marks = [False, *bold, *[False] * (len(texts) - 1 - len(bold))]
        cells = [rf"\textbf{{{_safe(t)}}}" if b else _safe(t) for t, b in zip(texts, marks, strict=True)]
        lines.append("  " + " & ".join(cells) + r" \\")
    head = " & ".join(_safe(text) for text in heads)
    body = "\n".join(lines)
    told = " ".join(_safe(note) for note in notes)
    return "\n".join(
        [
            r"% needs \usepackage{booktabs}",
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{_safe(title)}. {told}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
            r"\toprule",
            rf"  {head} \\",
            r"\midrule",
            body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _safe(text: str) -> str:
    return "".join(SPECIAL.get(sign, sign) for sign in text)
