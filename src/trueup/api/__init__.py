"""What other systems may call: events of shops, signals of their automations, and whether we are well.

intake       deliveries that arrive together are kept together
shopify      webhooks of a shop, signed
signals      calls with a shared secret, such as Shopify Flow's
server       the routes as one application
v1           the API's own: resources behind the door, and the document that describes them
resource     what a resource and its operations are; resources/ has one a file
metrics      numbers to watch, as OpenMetrics
door         who calls, by which token, and whether they may
problems     what went wrong, as RFC 9457 says it
shapes       what resources share
"""
