"""Fits and trains what worlds and methods need."""
