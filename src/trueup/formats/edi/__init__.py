"""What X12 and EDIFACT share: the lexer, the grammar of a set, the check against it, and the closed list of faults."""
