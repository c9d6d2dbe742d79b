"""Supercycle as its clients meet it over HTTP: the Admin API v1 with its rules, limits and drifting names, Shopify Flow's
requests, and, as an app of a shop, what it writes there and hears from it. Nothing is published but pages, so `shapes` and
`bodies` are the contract.

Lies (`add_fault`, or POST /_simulator/faults; `operation` is a route such as "POST /items" or "GET /rentals/{id}"):

| kind | what happens |
|---|---|
| server_error | `status` (default 500) before anything is done |
| applied_but_timed_out | carried out, but the reply is lost: `mode` drop (cut), hang (cut after `seconds`) or 504 |
| slow | the reply comes after `seconds` of wall time |
| malformed_json | carried out, but the body of the reply is cut in half |
| too_many_requests | HTTP 429 although the key has requests left |
| token_refused | 401 to a good key |
| stale_page | a list as it was `seconds` ago |
| empty_page | a page without records whose nextPage leads on |
| order_missed | a webhook of the shop (operation: its topic) is not acted on, or `seconds` later |
| metafield_lost | the metafields of a variant or a product (operation: which) are not written |
| flow_lost, flow_delayed, flow_duplicate | Flow's request (operation: the trigger) never comes, comes `seconds` later, or twice |

Where nothing is published the choices and their defaults stand in `settings.SupercycleSettings`; each leans to what is harder
on the caller.

    simulator = SupercycleSimulator(seed=7)
    simulator.add_key("trueup", token)
    with serve(simulator.app) as serving:
        ...  # serving.url + "/api/v1" is the API
"""

from trueup.simulators.supercycle.faults import Fault
from trueup.simulators.supercycle.flow import Workflow
from trueup.simulators.supercycle.records import OrderLine
from trueup.simulators.supercycle.settings import Buffers, SupercycleSettings
from trueup.simulators.supercycle.simulator import SupercycleSimulator

__all__ = ["Buffers", "Fault", "OrderLine", "SupercycleSettings", "SupercycleSimulator", "Workflow"]
