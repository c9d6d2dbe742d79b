"""A simulated world: a vendor, its buyers' orders, what goes wrong, who decides, and an auditor who recomputes what must be true.

All of it is plain data made from a seed; it shares no code with what it judges.
"""
