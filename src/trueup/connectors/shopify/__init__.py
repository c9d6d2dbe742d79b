"""Shopify: its products and stock as ours, and our purchase orders as orders in the shop. GraphQL Admin API 2026-10.

settings     one shop: its domain, credentials, locations
scopes       what the app may do, what for, and where to click
tokens       the access token: asked for, kept, renewed
operations   every GraphQL document that is sent
client       one request: paced, answered or refused
refusals     Shopify's errors as ours
products     variants -> Product
levels       inventory levels -> Level
stock        counts and holds: read, set, moved
stock_operations  their GraphQL documents
webhooks     who sent it, and what to look at again
shown        an order of the shop -> ShownOrder
orders       find, create, cancel, move
credits      gift cards under codes of ours, and store credit
amendments   order editing, staged and checked before it is committed
probes       what works, what is missing, what to do
shop         ShopifyShop: the capabilities
"""

from trueup.connectors.shopify.settings import ShopifySettings
from trueup.connectors.shopify.shop import ShopifyShop

__all__ = ["ShopifySettings", "ShopifyShop"]
