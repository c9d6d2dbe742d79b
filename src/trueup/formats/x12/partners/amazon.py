"""Amazon's retail guide (vendors, North America), release 004010.

Sources: the published guides of its 850 and 855 (segments, BEG02, CSH01, DTM 063 and 064, N103, PO1 qualifiers), Amazon's
connectivity payload (`BAK*00*AC`), and the vendor orders API for what the codes stand for. Where the guide does not name
its reject codes, the standard's nearest words are used.
"""

from __future__ import annotations

from trueup.base.quantity import Unit
from trueup.domain.acknowledgements import Answer, Reason
from trueup.domain.orders import OrderType
from trueup.formats.x12.guide import Guide

GUIDE = Guide(
    name="amazon",
    title="Amazon Vendor Central, retail",
    currency="USD",  # the retail 850 carries no CUR; X12 is Amazon's route in North America, and agreements say otherwise
    units={
        "EA": Unit.EACH,
        "CA": Unit.CASE,
        "UN": Unit.EACH,
        "PE": Unit.EACH,
        "PC": Unit.EACH,
        "CS": Unit.CASE,
    },
    order_types={
        "NE": OrderType.REGULAR,
        "SA": OrderType.REGULAR,
        "CN": OrderType.CONSIGNED,
        "NP": OrderType.NEW_PRODUCT,
        "RO": OrderType.RUSH,
    },
    windows={
        "064": ("delivery", "start"),
        "063": ("delivery", "end"),
        "037": ("ship", "start"),
        "038": ("ship", "end"),
        "002": ("delivery", "end"),
        "010": ("ship", "end"),
    },
    answers={Answer.ACCEPTED: "IA", Answer.BACKORDERED: "IB", Answer.REJECTED: "IR"},
    reasons={
        Reason.TEMPORARILY_UNAVAILABLE: "R4",
        Reason.INVALID_PRODUCT_IDENTIFIER: "R2",
        Reason.OBSOLETE_PRODUCT: "ID",
    },
    asin_qualifiers=frozenset({"BP", "AI", "ZZ", "IB", "IN", "CB", "PI"}),
    vendor_code_reference="CR",
    deal_reference="PD",
    acknowledgement_type="AC",
    ship_date_qualifier="068",
    backorder_codes={"Y": True, "N": False},
    currencies={"USA": "USD", "CAN": "CAD", "MEX": "MXN"},
)
