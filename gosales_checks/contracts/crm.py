"""The CRM's tables (SPEC section 1); each is empty where its source is not configured.

Names and metadata of columns tell the reader what to do, as in `accounts`.
"""

import dataframely as dy

from gosales_checks.contracts.accounts import DIVISION, DIVISIONS, FILLED
from gosales_checks.contracts.contract import Contract

OUTCOMES = ["called", "won", "rejected"]


class CrmContacts(dy.Schema):
    """Contacts up to the cutoff."""

    entry_id = dy.String(
        primary_key=True,
        description="Stable hash of the entry's values, numbered among exact copies.",
    )
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

    spell_id = dy.String(primary_key=True, description="Stable hash of customer and first day.")
    customer_id = dy.String(description="Customer.")
    from_date = dy.Date(nullable=True, description="First day it holds; null always.")
    until_date = dy.Date(nullable=True, description="Last day, where passed by the cutoff.")
    reason = dy.String(nullable=True, description="Why.")
    is_active = dy.Bool(description="Holds on the cutoff day; the last day counts.")


class RepOwnership(dy.Schema):
    """Who owned which customer, as known at the cutoff."""

    spell_id = dy.String(
        primary_key=True, description="Stable hash of customer, representative and first day."
    )
    customer_id = dy.String(description="Customer.")
    rep = dy.String(description="Sales representative.")
    region = dy.String(nullable=True, description="Region of the book.")
    from_date = dy.Date(nullable=True, description="First day it holds; null always.")
    until_date = dy.Date(nullable=True, description="Last day, where passed by the cutoff.")
    is_active = dy.Bool(description="Holds on the cutoff day; the last day counts.")


class SurfacingLog(dy.Schema):
    """What was surfaced by the cutoff and whether it had been acted on by then."""

    customer_id = dy.String(description="Customer.")
    division = dy.String(description="Division, as a slug.", metadata=DIVISION)
    surfaced_date = dy.Date(description="Day it was surfaced.")
    action_date = dy.Date(nullable=True, description="Day it was acted on, by the cutoff.")
    is_action_taken = dy.Bool(
        description="Known by the cutoff to have been acted on.", metadata=FILLED
    )
    entry_id = dy.String(
        primary_key=True,
        description="Stable hash of customer, division and day, numbered where two lists surfaced the "
        "same on one day.",
    )


class ListOutcomes(dy.Schema):
    """What came of calls, as known at the cutoff."""

    entry_id = dy.String(
        primary_key=True,
        description="Stable hash of the entry's values, numbered among exact copies.",
    )
    customer_id = dy.String(description="Customer.")
    division = dy.String(description="Division, as a slug.", metadata=DIVISION)
    outcome_date = dy.Date(description="Day of it.")
    outcome = dy.String(check=lambda c: c.is_in(OUTCOMES), description="called, won or rejected.")


CRM_CONTACTS = Contract(
    name="crm_contacts",
    schema=CrmContacts,
    grain="one row per contact",
    group="crm",
    made_by="accounts.crm_contacts",
    partitioned_by="cutoff",
    settings=("source.crm_contacts",),
    sources=("crm_contacts",),
    description="Contacts with customers up to the cutoff; empty without the source.",
)
CRM_DEALS = Contract(
    name="crm_deals",
    schema=CrmDeals,
    grain="one row per deal",
    group="crm",
    made_by="accounts.crm_deals",
    partitioned_by="cutoff",
    settings=("source.crm_deals",),
    settings_here=DIVISIONS,
    sources=("crm_deals",),
    description="Deals opened by the cutoff, as they stood then; empty without the source.",
)
DO_NOT_CONTACT = Contract(
    name="do_not_contact",
    schema=DoNotContact,
    grain="one row per customer and spell",
    group="crm",
    made_by="accounts.do_not_contact",
    partitioned_by="cutoff",
    settings=("source.do_not_contact",),
    sources=("do_not_contact",),
    description="Customers not to be contacted, ended spells too; empty without the source.",
)
REP_OWNERSHIP = Contract(
    name="rep_ownership",
    schema=RepOwnership,
    grain="one row per customer, representative and spell",
    group="crm",
    made_by="accounts.rep_ownership",
    partitioned_by="cutoff",
    settings=("source.rep_ownership",),
    sources=("rep_ownership",),
    description="Books of the sales representatives, ended spells too; empty without the source.",
)
SURFACING_LOG = Contract(
    name="surfacing_log",
    schema=SurfacingLog,
    grain="one row per entry",
    group="crm",
    made_by="accounts.surfacing_log",
    partitioned_by="cutoff",
    settings=("source.surfacing_log",),
    settings_here=DIVISIONS,
    sources=("surfacing_log",),
    description="What was surfaced by the cutoff and acted on by then; empty without the source.",
)
LIST_OUTCOMES = Contract(
    name="list_outcomes",
    schema=ListOutcomes,
    grain="one row per entry",
    group="crm",
    made_by="accounts.list_outcomes",
    partitioned_by="cutoff",
    settings=("source.list_outcomes",),
    settings_here=DIVISIONS,
    sources=("list_outcomes",),
    description="What was called, won, rejected by the cutoff; empty without the source.",
)
