"""Supercycle's API v1: its paths, its fields, its spellings. All that knows them is in this folder, for a new API is announced.

record    one JSON record, read tolerantly: both spellings, odd values noted, unknown fields kept
replies   whole replies: pages and single records
items     items, and what is sent to make or change one
cycles    rentals, which is v1's word for cycles, and returns
calendar  availability timelines and blocked dates
system    SupercycleV1: the capabilities
probes    what works, what is missing, what to do
"""
