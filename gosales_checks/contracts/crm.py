"""The CRM's tables (SPEC section 1); each is empty where its source is not configured.

Names and metadata of columns tell the reader what to do, as in `accounts`.
"""

import dataframely as dy
import polars as pl

from gosales_checks.contracts.accounts import DIVISION, FILLED, cutoff_contract


class CrmContacts(dy.Schema):
    """Contacts up to the cutoff."""

    customer_id = dy.String(description="Customer.")
    contact_date = dy.Date(description="Day of the contact.")
    contact_id = dy.String(nullable=True, description="The person, or the contact made.")
    contact_name = dy.String(nullable=True, description="Name of the person.")
    contact_role = dy.String(nullable=True, description="Role of the person.")
    channel = dy.String(nullable=True, description="Call, visit, e-mail, ...")


class CrmDeals(dy.Schema):
    """Deals opened by the cutoff, as they stood then."""

    deal_id = dy.String(primary_key=True, description="Deal.")
    customer_id = dy.String(description="Customer.")
    division = dy.String(
        nullable=True, description="Division, as a slug; null where not known.", metadata=DIVISION
    )
    opened_date = dy.Date(description="Day it was opened.")
    closed_date = dy.Date(nullable=True, description="Day it was closed; null while open.")
    stage = dy.String(nullable=True, description="Stage, where it was reached by the cutoff.")
    stage_date = dy.Date(nullable=True, description="Day the stage was reached.")
    is_open = dy.Bool(description="Open at the end of the cutoff day.")

    @dy.rule()
    def open_until_closed(cls):
        """A deal is open or has a closing date."""
        return cls.is_open.col == cls.closed_date.col.is_null()


class DoNotContact(dy.Schema):
    """Who is not to be contacted, as known at the cutoff."""

    customer_id = dy.String(description="Customer.")
    from_date = dy.Date(nullable=True, description="First day it holds; null always.")
    until_date = dy.Date(nullable=True, description="Last day, where passed by the cutoff.")
    reason = dy.String(nullable=True, description="Why.")
    is_active = dy.Bool(description="Holds on the cutoff day; the last day counts.")

    @dy.rule()
    def once_each(cls):
        """No spell of a customer is there twice."""
        return ~pl.struct("customer_id", "from_date").is_duplicated()


class RepOwnership(dy.Schema):
    """Who owned which customer, as known at the cutoff."""

    customer_id = dy.String(description="Customer.")
    rep = dy.String(description="Sales representative.")
    region = dy.String(nullable=True, description="Region of the book.")
    from_date = dy.Date(nullable=True, description="First day it holds; null always.")
    until_date = dy.Date(nullable=True, description="Last day, where passed by the cutoff.")
    is_active = dy.Bool(description="Holds on the cutoff day; the last day counts.")

    @dy.rule()
    def once_each(cls):
        """No spell of a customer and representative is there twice."""
        return ~pl.struct("customer_id", "rep", "from_date").is_duplicated()


class SurfacingLog(dy.Schema):
    """What was surfaced by the cutoff and whether it had been acted on by then."""

    customer_id = dy.String(primary_key=True, description="Customer.")
    division = dy.String(primary_key=True, description="Division, as a slug.", metadata=DIVISION)
    surfaced_date = dy.Date(primary_key=True, description="Day it was surfaced.")
    action_date = dy.Date(nullable=True, description="Day it was acted on, by the cutoff.")
    is_action_taken = dy.Bool(
        description="Known by the cutoff to have been acted on.", metadata=FILLED
    )


CRM_CONTACTS = cutoff_contract(
    "crm_contacts",
    CrmContacts,
    "one row per contact",
    "Contacts with customers up to the cutoff; empty without the source.",
    "source.crm_contacts",
)
CRM_DEALS = cutoff_contract(
    "crm_deals",
    CrmDeals,
    "one row per deal",
    "Deals opened by the cutoff, as they stood then; empty without the source.",
    "source.crm_deals",
)
DO_NOT_CONTACT = cutoff_contract(
    "do_not_contact",
    DoNotContact,
    "one row per customer and spell",
    "Customers not to be contacted, ended spells too; empty without the source.",
    "source.do_not_contact",
)
REP_OWNERSHIP = cutoff_contract(
    "rep_ownership",
    RepOwnership,
    "one row per customer, representative and spell",
    "Books of the sales representatives, ended spells too; empty without the source.",
    "source.rep_ownership",
)
SURFACING_LOG = cutoff_contract(
    "surfacing_log",
    SurfacingLog,
    "one row per customer, division and day it was surfaced",
    "What was surfaced by the cutoff and acted on by then; empty without the source.",
    "source.surfacing_log",
)
