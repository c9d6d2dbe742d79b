"""Trueup connects Amazon Vendor Central, Shopify and Supercycle, and proves that their numbers agree."""

__version__ = "0.1.0"
