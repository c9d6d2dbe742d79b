"""Matchers: one file each, with a constant MATCHER, by which a line finds what it is about. See `domain.reconciliation`."""
