"""A vendor's months of remittances from a seed, in every form Amazon tells them in, with the true cause of every cent."""
