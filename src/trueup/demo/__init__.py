"""The demonstration: a vendor that does not exist, on simulators, through five days in about a minute, then audited.

A second composition root beside app.py: it may import everything, because it starts the simulators, opens the application
on them, plays what each part brings, and hands the auditor what each side says. A part is one file in `parts`.
"""
