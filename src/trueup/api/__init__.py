"""What other systems may call: events of shops, signals of their automations, and whether we are well.

intake       deliveries that arrive together are kept together
shopify      webhooks of a shop, signed
signals      calls with a shared secret, such as Shopify Flow's
server       the routes as one application
"""
