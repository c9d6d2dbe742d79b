"""The vendor's second life: goods that it rents out, takes back, sells from a shelf of its own count, and to Amazon besides."""
