"""Words without business: money, quantity, clock, ids, errors, plugins. Standard library only; everything may import it."""
