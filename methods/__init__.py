"""Assimilation methods: one file each."""
