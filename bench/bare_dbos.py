"""The yardstick of the order benchmark: a bare DBOS program that makes the same requests and commits, and decides nothing.

For each order it sends what Trueup sends, in the same order, and commits as often, one row each; its steps and transactions
are DBOS's own. It holds nothing against anything, keeps no stock, archives nothing, has no budgets, reads no reply further
than it needs for the next request, and repeats nothing that fails.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, SQLAlchemyDatasource

from bench.stage import CLIENT, PARTNER, SECRET, TOKEN, VENDOR
from trueup.base.clock import write_instant
from trueup.connectors.shopify.operations import CREATE, DEFINE, LEVELS, ORDER, ORDER_BY_KEY, VARIANTS, Operation

QUEUE = "orders"
POLL_SECONDS = 0.05
PAGE = 100
_GRAPHQL = "/admin/api/2026-10/graphql.json"
_TABLE = "CREATE TABLE IF NOT EXISTS bare (run text, name text, at timestamptz, body text, PRIMARY KEY (run, name))"
_ROW = "INSERT INTO bare (run, name, at, body) VALUES (%s, %s, clock_timestamp(), %s)"
DONE = "SELECT count(*) FROM bare WHERE name = 'proven'"
LAST = "SELECT extract(epoch FROM max(at)) FROM bare WHERE name = 'proven'"


class Wire:
    """The requests, without ado."""

    def __init__(self, amazon: str, shopify: str, location: str) -> None:
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=32)
        self._amazon = httpx2.Client(base_url=amazon, trust_env=False, timeout=60, limits=limits)
        self._shopify = httpx2.Client(base_url=shopify, trust_env=False, timeout=60, limits=limits)
        self._location = location
        form = {"grant_type": "refresh_token", "refresh_token": TOKEN, "client_id": CLIENT, "client_secret": SECRET}
        granted = self._amazon.post("/auth/o2/token", data=form).raise_for_status().json()
        self._amazon_headers = {"x-amz-access-token": granted["access_token"], "accept": "application/json"}
        form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
        granted = self._shopify.post("/admin/oauth/access_token", data=form).raise_for_status().json()
        self._shopify_headers = {"x-shopify-access-token": granted["access_token"], "content-type": "application/json"}
        self._define_key()
        self._items = self._all_items()

    def page(self, since: str, until: str, following: str | None) -> dict[str, Any]:
        """A page of new orders."""
        params = {"createdAfter": since, "createdBefore": until, "limit": str(PAGE), "includeDetails": "true"}
        if following:
            params["nextToken"] = following
        return self._get("/vendor/orders/v1/purchaseOrders", params)

    def levels(self, order: dict[str, Any]) -> str:
        """What the shop has of an order's products."""
        ids = [self._items[item["vendorProductIdentifier"]][1] for item in order["orderDetails"]["items"]]
        return self._graphql(LEVELS, ids=sorted(ids), location=self._location).decode()

    def place(self, order: dict[str, Any]) -> list[str]:
        """Find, create, read by id, find again, levels again."""
        key = f"{PARTNER}:{VENDOR}:{order['purchaseOrderNumber']}"
        replies = [self._graphql(ORDER_BY_KEY, value=key)]
        options = {
            "inventoryBehaviour": "DECREMENT_OBEYING_POLICY",
            "sendReceipt": False,
            "sendFulfillmentReceipt": False,
        }
        created = self._graphql(CREATE, order=self._order_input(order, key), options=options)
        made = json.loads(created)["data"]["orderCreate"]["order"]["id"]
        replies += [created, self._graphql(ORDER, id=made), self._graphql(ORDER_BY_KEY, value=key)]
        return [reply.decode() for reply in replies[1:]] + [self.levels(order)]

    def acknowledge(self, order: dict[str, Any]) -> str:
        """Accept everything."""
        items = [
            {
                **{name: item[name] for name in ("itemSequenceNumber", "amazonProductIdentifier", "orderedQuantity")},
                "vendorProductIdentifier": item["vendorProductIdentifier"],
                "netCost": item["netCost"],
                "itemAcknowledgements": [
                    {"acknowledgementCode": "Accepted", "acknowledgedQuantity": item["orderedQuantity"]}
                ],
            }
            for item in order["orderDetails"]["items"]
        ]
        body = {
            "purchaseOrderNumber": order["purchaseOrderNumber"],
            "sellingParty": {"partyId": VENDOR},
            "acknowledgementDate": write_instant(datetime.now(UTC).replace(microsecond=0)),
            "items": items,
        }
        headers = {**self._amazon_headers, "content-type": "application/json"}
        content = json.dumps({"acknowledgements": [body]})
        reply = self._amazon.post("/vendor/orders/v1/acknowledgements", content=content, headers=headers)
        transaction: str = reply.raise_for_status().json()["payload"]["transactionId"]
        return transaction

    def proof(self, number: str, transaction: str) -> list[Any]:
        """The order's status and the transaction's."""
        return [
            self._get("/vendor/orders/v1/purchaseOrdersStatus", {"purchaseOrderNumber": number}),
            self._get(f"/vendor/transactions/v1/transactions/{transaction}", {}),
        ]

    def _order_input(self, order: dict[str, Any], key: str) -> dict[str, Any]:
        lines = [
            {
                "variantId": self._items[item["vendorProductIdentifier"]][0],
                "quantity": item["orderedQuantity"]["amount"] * item["orderedQuantity"]["unitSize"],
                "priceSet": {"shopMoney": {"amount": item["netCost"]["amount"], "currencyCode": "USD"}},
                "requiresShipping": True,
                "taxable": False,
                "properties": [{"name": "_trueup_line", "value": item["itemSequenceNumber"]}],
            }
            for item in order["orderDetails"]["items"]
        ]
        metafields = [
            {"namespace": "trueup", "key": "purchase_order", "type": "id", "value": key},
            {"namespace": "trueup", "key": "exact_costs", "type": "json", "value": json.dumps({"lines": lines})},
        ]
        return {
            "currency": "USD",
            "financialStatus": "PENDING",
            "lineItems": lines,
            "metafields": metafields,
            "poNumber": order["purchaseOrderNumber"],
            "processedAt": order["orderDetails"]["purchaseOrderDate"],
            "sourceIdentifier": key,
            "tags": ["Trueup", PARTNER, VENDOR],
        }

    def _define_key(self) -> None:
        names = {"namespace": "trueup", "key": "purchase_order", "type": "id", "ownerType": "ORDER"}
        content = {"query": DEFINE.text, "variables": {"definition": {"name": "Purchase order", **names}}}
        self._shopify.post(
            _GRAPHQL, json=content, headers=self._shopify_headers
        ).raise_for_status()  # twice is harmless

    def _all_items(self) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        after: str | None = None
        while True:
            content = self._graphql(VARIANTS, after=after, query=None, packNamespace="trueup", packKey="case_pack")
            page = json.loads(content)["data"]["productVariants"]
            found |= {node["sku"]: (node["id"], node["inventoryItem"]["id"]) for node in page["nodes"]}
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    def _get(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        reply = self._amazon.get(path, params=params, headers=self._amazon_headers)
        payload: dict[str, Any] = reply.raise_for_status().json()["payload"]
        return payload

    def _graphql(self, operation: Operation, **variables: Any) -> bytes:
        content = json.dumps({"query": operation.text, "operationName": operation.name, "variables": variables})
        reply = self._shopify.post(_GRAPHQL, content=content, headers=self._shopify_headers).raise_for_status()
        if b'"errors"' in reply.content or b'"userErrors":[{' in reply.content:
            raise RuntimeError(f"{operation.name}: {reply.text[:500]}")
        return reply.content


class Bare:
    """The workflows."""

    def __init__(self, url: str, wire: Wire, executor: str) -> None:
        self._engine = sa.create_engine(url, pool_size=20, max_overflow=20)
        serializer = DBOSPortableJSONSerializer()
        DBOS(
            config={
                "name": "bare",
                "system_database_engine": self._engine,
                "application_version": "bare",
                "executor_id": executor,
                "serializer": serializer,
                "log_level": "WARNING",
            }
        )
        self._source = SQLAlchemyDatasource.create(url, engine=self._engine, schema="bare_dbos", serializer=serializer)
        self._wire = wire
        self._orders, self._proofs = _workflow("order", self._order), _workflow("prove", self._prove)
        _workflow("poll", self._poll)

    def _order(self, order: dict[str, Any]) -> None:
        wire = self._wire
        self._commit("assessed", "")
        levels = DBOS.run_step({"name": "levels"}, lambda: wire.levels(order))
        self._commit("decided", levels)
        self._commit("planned", "")
        placed = DBOS.run_step({"name": "place"}, lambda: wire.place(order))
        self._commit("settled", placed)
        self._commit("begun", "")
        transaction = DBOS.run_step({"name": "acknowledge"}, lambda: wire.acknowledge(order))
        self._commit("sent", transaction)
        DBOS.enqueue_workflow(QUEUE, self._proofs, order["purchaseOrderNumber"], transaction)

    def _prove(self, number: str, transaction: str) -> None:
        self._commit("planned", "")
        replies = DBOS.run_step({"name": "proof"}, lambda: self._wire.proof(number, transaction))
        self._commit("fetched", replies)
        self._commit("proven", "")

    def _poll(self, since: str, until: str) -> None:
        following: str | None = None
        number = 0
        while True:
            page = self._page(since, until, following)
            self._commit(f"page {number}", page)
            for order in page["orders"]:
                DBOS.enqueue_workflow(QUEUE, self._orders, order)
            following = (page.get("pagination") or {}).get("nextToken")
            number += 1
            if following is None:
                return

    def _page(self, since: str, until: str, following: str | None) -> dict[str, Any]:
        return DBOS.run_step({"name": "page"}, lambda: self._wire.page(since, until, following))

    def _commit(self, name: str, body: Any) -> None:
        run = str(DBOS.workflow_id)

        def write() -> None:
            connection = self._source.sql_session().connection()
            connection.exec_driver_sql(_ROW, (run, name, body if isinstance(body, str) else json.dumps(body)))

        self._source.run_tx_step({"name": name, "isolation_level": "READ COMMITTED"}, write)


def _workflow(name: str, function: Callable[..., None]) -> Callable[..., None]:
    def run(*args: Any) -> None:
        function(*args)

    run.__name__ = run.__qualname__ = name
    return DBOS.workflow(name=name)(run)


def work(url: str, addresses: str, executor: str, concurrency: str, profile: str = "") -> None:
    """A worker process: works until its input ends."""
    places = json.loads(addresses)
    Bare(url, Wire(places["amazon"], places["shopify"], places["location"]), executor)
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=int(concurrency), polling_interval_sec=POLL_SECONDS)
    DBOS.register_queue("polls", worker_concurrency=int(concurrency), polling_interval_sec=POLL_SECONDS)
    print("ready", flush=True)
    if profile:
        from pathlib import Path

        from bench.sampling import sampled

        with sampled(Path(profile)):
            sys.stdin.read()
    else:
        sys.stdin.read()
    DBOS.destroy()


def prepare_table(engine: sa.Engine) -> None:
    """The one table that the bare program writes."""
    with engine.begin() as connection:
        connection.exec_driver_sql(_TABLE)


def look_for_orders(engine: sa.Engine, since: datetime) -> None:
    """Have orders placed since then fetched now."""
    client = DBOSClient(system_database_engine=engine, serializer=DBOSPortableJSONSerializer())
    window = (write_instant(since), write_instant(datetime.now(UTC)))
    client.enqueue({"queue_name": "polls", "workflow_name": "poll", "workflow_id": f"poll {window}"}, *window)
    client.destroy()
