"""The GraphQL documents of gift cards and store credit, what they may cost, and the scopes they demand.

`giftCardCode` is asked for nowhere: it is ours, and a reply that does not have it can be archived as it is.
"""

from __future__ import annotations

from trueup.connectors.shopify.operations import Operation

_MUTATION = 10
MOVEMENTS_A_LOOK = 40
CARDS_A_SEARCH = 10

_CARD = """fragment Card on GiftCard {
  id lastCharacters enabled createdAt expiresOn note customer { id }
  initialValue { amount currencyCode } balance { amount currencyCode }
}"""
_CARD_COST = 4
_READ_CARD = ("read_gift_cards", "read_customers")

_MOVEMENT = """fragment Movement on StoreCreditAccountTransaction {
  __typename createdAt event amount { amount currencyCode } balanceAfterTransaction { amount currencyCode }
  ... on StoreCreditAccountCreditTransaction { id expiresAt remainingAmount { amount currencyCode } }
  ... on StoreCreditAccountDebitTransaction { id }
  ... on StoreCreditAccountDebitRevertTransaction { id }
  ... on StoreCreditAccountExpirationTransaction { creditTransaction { id } }
  origin { ... on OrderTransaction { order { id } } }
}"""
_MOVEMENT_COST = 6
_READ_CREDIT = ("read_store_credit_accounts", "read_store_credit_account_transactions", "read_customers", "read_orders")

FIND_CARDS = Operation(
    f"""query GiftCards($query: String!) {{
  giftCards(first: {CARDS_A_SEARCH}, query: $query, sortKey: ID) {{ nodes {{ ...Card }} }}
}}
{_CARD}""",
    _READ_CARD,
    2 + CARDS_A_SEARCH * (1 + _CARD_COST),
)

CARD = Operation(f"query GiftCard($id: ID!) {{ giftCard(id: $id) {{ ...Card }} }}\n{_CARD}", _READ_CARD, _CARD_COST)

CREATE_CARD = Operation(
    f"""mutation GiftCardCreate($input: GiftCardCreateInput!) {{
  giftCardCreate(input: $input) {{ giftCard {{ ...Card }} userErrors {{ code field message }} }}
}}
{_CARD}""",
    ("write_gift_cards", "write_customers", *_READ_CARD),
    _MUTATION + 1 + _CARD_COST,
)

DEACTIVATE_CARD = Operation(
    f"""mutation GiftCardDeactivate($id: ID!) {{
  giftCardDeactivate(id: $id) {{ giftCard {{ ...Card }} userErrors {{ code field message }} }}
}}
{_CARD}""",
    ("write_gift_cards", *_READ_CARD),
    _MUTATION + 1 + _CARD_COST,
)

STORE_CREDIT = Operation(
    f"""query StoreCredit($customer: ID!) {{
  customer(id: $customer) {{
    id
    storeCreditAccounts(first: 3) {{ nodes {{
      id balance {{ amount currencyCode }}
      transactions(first: {MOVEMENTS_A_LOOK}, sortKey: CREATED_AT, reverse: true) {{ nodes {{ ...Movement }} }}
    }} }}
  }}
}}
{_MOVEMENT}""",
    _READ_CREDIT,
    # A customer has an account a currency; more than three would ask for more than a request may cost.
    1 + 2 + 3 * (2 + 2 + MOVEMENTS_A_LOOK * (1 + _MOVEMENT_COST)),
)

MOVEMENT = Operation(
    f"query StoreCreditMovement($id: ID!) {{ node(id: $id) {{ ...Movement }} }}\n{_MOVEMENT}",
    _READ_CREDIT,
    1 + _MOVEMENT_COST,
)

ADD_CREDIT = Operation(
    f"""mutation StoreCreditAdd($id: ID!, $input: StoreCreditAccountCreditInput!) {{
  storeCreditAccountCredit(id: $id, creditInput: $input) {{
    storeCreditAccountTransaction {{ ...Movement }} userErrors {{ code field message }}
  }}
}}
{_MOVEMENT}""",
    ("write_store_credit_account_transactions", *_READ_CREDIT),
    _MUTATION + 1 + _MOVEMENT_COST,
)

CREDIT_OPERATIONS = (FIND_CARDS, CARD, CREATE_CARD, DEACTIVATE_CARD, STORE_CREDIT, MOVEMENT, ADD_CREDIT)
