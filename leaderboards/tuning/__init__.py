"""Trials: how they are shown, and those that the tuned settings of the library's worlds come from.

The latter lie here as `WORLD/METHOD.json`, as `bench tune` wrote them.
"""
