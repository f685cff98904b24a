"""Sweeps: methods x worlds x observing systems, on one machine or many, resumed where they ended."""
