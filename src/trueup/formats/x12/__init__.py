"""ASC X12: interchanges read into sets and findings, written from domain values, and acknowledged."""
