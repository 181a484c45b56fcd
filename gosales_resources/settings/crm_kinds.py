"""What the importers of customer relationship systems take: one declared row a kind, with its source.

Settings are held against it when they are loaded, files are written by it (`delivery/crm.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CrmName = Literal["salesforce", "hubspot", "dynamics", "plain"]


@dataclass(frozen=True)
class CrmKind:
    """The rules of one importer. All take UTF-8, commas, double quotes doubled, a decimal point."""

    rows: int
    """Rows of one file, at most."""
    size: int
    """Bytes of one file, at most."""
    line_end: Literal["\n", "\r\n"]
    yes_no: tuple[str, str]
    """How true and false are written."""
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Object -> fields that a new record of it must have; of other objects it is not known."""
    documented: str = ""
    """Where the rules are from."""


CRM_KINDS: Mapping[CrmName, CrmKind] = {
    # Data Import Wizard: 50,000 records and 100 MB, what most teams have; the Data Loader takes
    # 5,000,000, Bulk API 2.0 100 MB before it is encoded, and LF unless it is told otherwise.
    "salesforce": CrmKind(
        rows=50_000,
        size=100_000_000,
        line_end="\n",
        yes_no=("true", "false"),
        required={
            "Opportunity": ("Name", "StageName", "CloseDate"),
            "Lead": ("LastName", "Company"),
            "Account": ("Name",),
            "Task": ("Status", "Priority"),
        },
        documented="https://help.salesforce.com/s/articleView?id=sf.faq_import_general.htm, "
        "https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/"
        "datafiles_prepare_csv.htm",
    ),
    # 1,048,576 rows with the header, 512 MB in paid plans; free plans take files of 20 MB.
    "hubspot": CrmKind(
        rows=1_048_575,
        size=512_000_000,
        line_end="\n",
        yes_no=("true", "false"),
        required={
            "deals": ("dealname", "pipeline", "dealstage"),
            "companies": ("name",),
            "tickets": ("subject", "hs_pipeline", "hs_pipeline_stage"),
        },
        documented="https://knowledge.hubspot.com/import-and-export/set-up-your-import-file",
    ),
    # 8 MB a file, whatever its rows. Two options are written by their labels.
    "dynamics": CrmKind(
        rows=1_000_000,
        size=8_000_000,
        line_end="\r\n",
        yes_no=("Yes", "No"),
        required={
            "opportunity": ("name",),
            "lead": ("subject", "lastname"),
            "account": ("name",),
        },
        documented="https://learn.microsoft.com/en-us/power-apps/developer/data-platform/"
        "prepare-source-files-import, https://cloudblogs.microsoft.com/dynamics365/no-audience/"
        "2010/03/31/r4-import-data-wizard-tips-and-tricks/",
    ),
    # RFC 4180; cut only where other programs would give up.
    "plain": CrmKind(
        rows=1_000_000,
        size=1_000_000_000,
        line_end="\r\n",
        yes_no=("true", "false"),
        documented="https://www.rfc-editor.org/rfc/rfc4180",
    ),
}
