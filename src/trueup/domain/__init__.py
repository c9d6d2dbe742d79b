"""Decisions: frozen values in, frozen values out. No I/O, no clock, no float; imports `base` alone."""
