"""Results that may be compared, and how they compare: nothing here knows what it will be shown as."""

from .axes import AXES, axis_value, axis_words
from .estimates import Draws, Estimate, draws_of, find_quantity, quantities
from .leaders import leaders
from .ranking import RULE, Ranked, rank
from .settings import Setting, hold, order_of, settings_of

__all__ = [
    "AXES",
    "RULE",
    "Draws",
    "Estimate",
    "Ranked",
    "Setting",
    "axis_value",
    "axis_words",
    "draws_of",
    "find_quantity",
    "hold",
    "leaders",
    "order_of",
    "quantities",
    "rank",
    "settings_of",
]
