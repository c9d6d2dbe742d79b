"""Amazon Vendor over the Selling Partner API: orders, acknowledgements, order status and transactions of one vendor group."""

from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.connectors.amazon_vendor.vendor import AmazonVendor

__all__ = ["AmazonVendor", "AmazonVendorSettings"]
