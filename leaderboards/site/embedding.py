"""What goes into a page with other people's words in it: data that cannot end their element, and the policy."""

__all__ = ["content_policy", "script_json"]

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from benchmark.problem import BenchError

ESCAPES = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


def script_json(value: Any) -> str:
    """JSON for a `<script type="application/json">`: nothing in it is markup to the browser.

    Raises:
        BenchError: If a number is not finite, or something is not JSON.
    """
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise BenchError(
            f"The page's content is not JSON ({error}); numbers have to be finite or missing, all else words."
        ) from error
    return text.translate(ESCAPES)


def content_policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """A Content-Security-Policy that lets run and apply just these, and nothing be loaded from anywhere.

    Arguments:
        scripts: Texts of the inline scripts.
        styles: Texts of the inline style sheets, those of libraries included.
    """
    directives = {
        "default-src": ["'none'"],
        "script-src": [_source(text) for text in scripts],
        "style-src": [_source(text) for text in styles],
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    return "; ".join(" ".join([name, *values]) for name, values in directives.items())


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
