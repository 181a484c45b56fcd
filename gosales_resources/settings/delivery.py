"""Settings of what leaves GoSales: which files of the list are made, and what is in them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gosales_resources.errors import nearest
from gosales_resources.settings.base import StrictModel
from gosales_resources.settings.crm_kinds import CRM_KINDS, CrmName

ExportKind = Literal["workbook", "csv", "crm", "parquet", "jsonl"]
# A line of a file's header, and a name of a field in any of the systems; no formula, no line end.
FieldName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.:/ ()-]*$", max_length=120)]
# What a sheet holds: rows of one beyond it cannot be written.
ROWS_OF_A_SHEET = 1_048_576


class CrmSettings(StrictModel):
    """How the files that a customer relationship system imports look."""

    kind: CrmName = Field(
        default="plain",
        description="Whose rules they keep: rows and bytes of one file, line ends, how yes and no "
        "are written, fields that a new record needs.",
    )
    object: str = Field(
        default="gosales_list",
        pattern=r"^[A-Za-z][A-Za-z0-9_]{0,60}$",
        description="What a row becomes there, such as `Opportunity`; the files are named by it.",
    )
    id_column: FieldName = Field(
        default="gosales_id",
        description="Field of the external id. It is of customer and division alone, so that a "
        "second import updates what the first one made: make it an external id (Salesforce), a "
        "property with unique values (HubSpot), an alternate key (Dynamics).",
    )
    columns: dict[str, FieldName] = Field(
        default={
            "customer_id": "customer_id",
            "division_name": "division",
            "cutoff": "list_date",
            "rank": "rank",
            "grade": "grade",
            "p_icp": "probability",
            "ev": "expected_value",
            "rep": "rep",
            "nba_reason": "reason",
        },
        min_length=1,
        description="Column of the list -> field, in the order of the file.",
    )
    constants: dict[FieldName, str] = Field(
        default_factory=dict,
        description="Field -> the same value in every row, such as the stage that an opportunity "
        "starts in.",
    )
    percentages: bool = Field(
        default=False,
        description="Probabilities as percentages (12.34), which percent fields of Salesforce and "
        "Dynamics take, instead of fractions (0.1234).",
    )
    rows_per_file: int | None = Field(
        default=None,
        ge=1,
        description="Rows of one file; without it what the kind's importer takes. The rest goes "
        "into files of its own.",
    )

    @model_validator(mode="after")
    def _fields_are_whole(self) -> "CrmSettings":
        fields = [self.id_column, *self.columns.values(), *self.constants]
        twice = sorted({name for name in fields if fields.count(name) > 1})
        if twice:
            raise ValueError(f"fields are filled twice: {', '.join(twice)}")
        required = CRM_KINDS[self.kind].required.get(self.object, ())
        if missing := [name for name in required if name not in fields]:
            raise ValueError(
                f"a new {self.object} in {self.kind} needs {', '.join(missing)}: name them in columns "
                f"or constants. {nearest(missing[0], fields)}"
            )
        if self.rows_per_file and self.rows_per_file > CRM_KINDS[self.kind].rows:
            most = CRM_KINDS[self.kind].rows
            raise ValueError(f"rows_per_file: {self.kind} takes {most} rows a file at most")
        return self


class DeliverySettings(StrictModel):
    """The list as files (SPEC section 5, exports)."""

    kinds: list[ExportKind] = Field(
        default=["workbook", "csv", "jsonl", "parquet"],
        description="Files that are made of each list: `workbook` for people, `csv` for "
        "spreadsheets, `crm` for import, `parquet` and `jsonl` for programs.",
    )
    rows: Literal["selected", "ranked"] = Field(
        default="selected",
        description="Rows that are in them: those within the capacity, or all that are ranked.",
    )
    columns: list[str] = Field(
        default=[
            "rank",
            "customer_id",
            "customer_name",
            "division_name",
            "grade",
            "p_icp",
            "p_low",
            "p_high",
            "conditional_value",
            "ev",
            "nba_reason",
            "rep",
            "region",
            "territory",
            "segment",
            "industry",
        ],
        min_length=1,
        description="Columns of the list in workbook and CSV, in their order; the other files have all.",
    )
    rows_per_sheet: int = Field(
        default=10_000,
        ge=1,
        # The header, and the line that says how many more there are.
        le=ROWS_OF_A_SHEET - 2,
        description="Rows of one sheet of the workbook; how many more there are is said below, and "
        "they are in the CSV.",
    )
    decimals: int = Field(
        default=0, ge=0, le=4, description="Decimals of money in workbook and CSV."
    )
    csv_style: Literal["comma", "semicolon"] = Field(
        default="comma",
        description="How spreadsheets read a CSV: commas with decimal points (English settings), "
        "or semicolons with decimal commas (most European ones).",
    )
    crm: CrmSettings = Field(default_factory=CrmSettings)

    @model_validator(mode="after")
    def _each_once(self) -> "DeliverySettings":
        named: dict[str, list[str]] = {"kinds": [*self.kinds], "columns": self.columns}
        for name, given in named.items():
            if twice := sorted({one for one in given if given.count(one) > 1}):
                raise ValueError(f"{name}: named twice: {', '.join(twice)}")
        return self
