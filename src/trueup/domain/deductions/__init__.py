"""Deduction types: one file each, with a constant DEDUCTION. See `domain.deduction`."""
