"""A Shopify shop as apps meet it over HTTP: the Admin GraphQL API 2026-10 (our subset of its schema), with the rules that
the schema cannot express, cost-based throttling, signed webhooks, lagging search, and lies on demand.

Lies (`add_fault`, or POST /_simulator/faults; `operation` is a root field such as orderCreate, or a webhook topic):

| kind | what happens |
|---|---|
| server_error | `status` (500 or 503) before anything is done |
| applied_but_timed_out | carried out, but the reply is lost: `mode` drop (cut), hang (cut after `seconds`) or 504 |
| slow | the reply comes after `seconds` of wall time |
| malformed_json | carried out, but the body of the reply is cut in half |
| throttled | THROTTLED although the bucket has points |
| too_many_requests | HTTP 429 before anything is done |
| token_refused | 401 to a good token (operation graphql), or the token endpoint refuses (operation token) |
| search_lag | the next writes of orders take `seconds` longer to be found by search |
| wrong_location | Shopify takes the stock from another location that also has it all |
| claim_lost | orderCreate succeeds and commits no stock; it does `seconds` later, if any are given |
| claim_race | shoppers buy out the first tracked variant just before orderCreate claims it |
| edited_by_hand | `seconds` after orderCreate the merchant cancels it, or as `mode` says: cancel, quantity (one less), tags |
| concurrent_request | IDEMPOTENCY_CONCURRENT_REQUEST: nothing is done, the same key may be tried again |
| previous_attempt_failed | IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED: nothing is done, a new key is needed |
| bulk_failed | a bulk operation ends as FAILED with `mode` (INTERNAL_SERVER_ERROR), and a quarter of its lines is missing |
| webhook_duplicate | a delivery is sent twice, with one webhook id |
| webhook_reorder | a delivery follows the next one (or comes a minute late) |
| webhook_lost | a delivery is never sent |

Where Shopify's behaviour is not documented the choice is said where it is made, and leans to what is harder on the caller:
a variant that only several locations together have is refused (`stock.shortages`); a custom id can be given twice
(`ShopSettings.duplicate_custom_id`); states other than available may go below zero (`move_quantities`).
"""

from trueup.simulators.shopify.faults import Fault
from trueup.simulators.shopify.settings import ALL_SCOPES, ShopSettings
from trueup.simulators.shopify.simulator import ShopifySimulator

__all__ = ["ALL_SCOPES", "Fault", "ShopSettings", "ShopifySimulator"]
