"""Tunes methods on the validation year, each with as many trials as the others."""
