"""What the sample company sells and how each division behaves: constants only.

All names, prices and effects are invented. Effects are on the log of the monthly hazard, so 0.7
doubles it. They are constants and not drawn, so that every seed is about equally hard.
"""

import datetime as dt
from dataclasses import dataclass

HISTORY_START = dt.date(2019, 1, 1)
HISTORY_END = dt.date(2025, 6, 30)
MONTHS = 78
WINDOW_MONTHS = 6
# Month number (0 = January 2019) of the first sale of AM_Software.
JULY_2023 = 54


@dataclass(frozen=True)
class Division:
    """A division and the hazard of buying in it.

    `base` is the log monthly hazard of a typical non-owner; `owner`, `frequency` and `cycle` are
    the effects of having bought, of the log of 1 + months with a purchase in two years, and of a
    purchase 11 to 13 months ago; `size` and `engagement` multiply standardised latents.
    """

    name: str
    source_division: str
    base: float
    owner: float = 1.0
    frequency: float = 0.5
    cycle: float = 0.3
    size: float = 0.4
    engagement: float = 0.5
    season: float = 0.3
    first_month: int = 0
    is_constant: bool = False


@dataclass(frozen=True)
class Sku:
    """An article: where it belongs and what a unit earns."""

    name: str
    division: str
    family: str
    sale_type: str
    unit_gp: float
    weight: float = 1.0
    header: str | None = None
    has_amount: bool = True

    @property
    def amount_column(self) -> str | None:
        """Header of the gross profit column; None for a SKU that is only counted."""
        return (self.header or self.name) if self.has_amount else None

    @property
    def quantity_column(self) -> str:
        """Header of the quantity column."""
        return f"{self.name}_Qty"


DIVISIONS = (
    Division("Solidworks", "Software", -4.35, owner=0.9, frequency=0.7, size=0.35),
    Division("PDM", "Software", -6.2, owner=1.1, frequency=0.4, size=0.5),
    Division("Simulation", "Software", -5.9, owner=1.2, frequency=0.6, size=0.4),
    Division("Services", "Services", -5.0, owner=0.8, frequency=0.6, cycle=0.0, size=0.45),
    # Pure noise by design: the same hazard for everyone, at any time.
    Division("Training", "Services", -4.6, is_constant=True),
    Division(
        "Success_Plan",
        "Subscription",
        -2.7,
        owner=0.4,
        frequency=0.25,
        cycle=0.4,
        size=0.35,
        engagement=0.35,
        season=0.2,
    ),
    Division("Scanning", "Scanning", -6.6, owner=1.3, frequency=0.5, cycle=0.2, size=0.3),
    Division("CAMWorks", "Software", -6.5, owner=1.3, frequency=0.6, cycle=0.5, size=0.2),
    Division("Electrical", "Software", -6.5, owner=1.2, frequency=0.5, cycle=0.4, size=0.3),
    Division("AM_Software", "Additive", -6.1, owner=1.0, frequency=0.4, first_month=JULY_2023),
    Division("Hardware", "Hardware", -5.7, owner=1.2, frequency=0.7, cycle=0.0),
    Division("Maintenance", "Subscription", -4.6, owner=0.8, frequency=0.3, cycle=0.9, size=0.3),
)
PREDICTOR_ONLY = ("Hardware", "Maintenance")

SKUS = (
    Sku("SWX_Core", "Solidworks", "Seats", "License", 900, 3),
    Sku("SWX_Pro_Prem", "Solidworks", "Seats", "License", 1600, 2),
    Sku("SWX_Term", "Solidworks", "Term seats", "Subscription", 620, 2),
    Sku("SWX_Visualize", "Solidworks", "Rendering", "License", 350),
    Sku("PDM_Standard", "PDM", "Vaults", "License", 480, 2),
    Sku("PDM_Professional", "PDM", "Vaults", "License", 1100, 2),
    Sku("SW_Manage", "PDM", "Process", "Subscription", 1400),
    Sku("Simulation", "Simulation", "Structural", "License", 1300, 3),
    Sku("Simulation_Premium", "Simulation", "Structural", "License", 2600),
    Sku("Flow_Simulation", "Simulation", "Fluids", "License", 2100),
    Sku("SW_Plastics", "Simulation", "Moulding", "License", 0, 1, has_amount=False),
    Sku("Consulting", "Services", "Engineering", "Service", 1500, 2),
    Sku("Implementation", "Services", "Engineering", "Service", 2400),
    Sku("Automation", "Services", "Engineering", "Service", 3200, 0.5),
    Sku("Data_Migration", "Services", "Data", "Service", 1800),
    Sku("Training_Class", "Training", "Classroom", "Service", 420, 3),
    Sku("Training_Onsite", "Training", "Onsite", "Service", 1900),
    Sku("Online_Learning", "Training", "Online", "Subscription", 150, 2),
    Sku("Success_Plan", "Success_Plan", "Plans", "Subscription", 240, 4, "Success Plan GP"),
    Sku("Success_Plan_Plus", "Success_Plan", "Plans", "Subscription", 520),
    Sku("Creaform", "Scanning", "Scanners", "Equipment", 7800),
    Sku("Artec", "Scanning", "Scanners", "Equipment", 5200),
    Sku("Scan_Software", "Scanning", "Scan software", "License", 1100, 2),
    Sku("CAMWorks_Mill", "CAMWorks", "Machining", "License", 1250, 3),
    Sku("CAMWorks_Turn", "CAMWorks", "Machining", "License", 1050, 2),
    Sku("Post_Processing", "CAMWorks", "Posts", "Service", 640),
    Sku("SW_Electrical", "Electrical", "Schematics", "License", 980, 3),
    Sku("SW_Electrical_Pro", "Electrical", "Schematics", "License", 1900),
    Sku("SW_PCB", "Electrical", "Boards", "License", 1200),
    Sku("AM_Software", "AM_Software", "Print software", "Subscription", 700, 2, "_3DP_Software"),
    Sku("Print_Prep", "AM_Software", "Print software", "Subscription", 430),
    Sku("FDM", "Hardware", "Printers", "Equipment", 6400),
    Sku("SAF", "Hardware", "Printers", "Equipment", 9800, 0.4),
    Sku("SLA", "Hardware", "Printers", "Equipment", 5600, 0.7),
    Sku("Polyjet", "Hardware", "Printers", "Equipment", 11200, 0.5),
    Sku("Consumables", "Hardware", "Consumables", "Consumable", 260, 4),
    # Sold by two divisions; the log's own division tells which (a route in the settings).
    Sku("AM_Support", "Hardware", "Support", "Subscription", 850, 1.5),
    Sku("Maint_Standard", "Maintenance", "Contracts", "Subscription", 310, 4),
    Sku("Maint_Premium", "Maintenance", "Contracts", "Subscription", 590, 2),
    Sku("Maint_Printer", "Maintenance", "Contracts", "Subscription", 900),
    # Not in the taxonomy: its lines are rejects.
    Sku("Legacy_Widget", "", "", "", 75),
)
UNKNOWN_SKU = "Legacy_Widget"
# (SKU, source division, division): what the taxonomy alone does not say.
ROUTES = (("AM_Support", "Scanning", "Scanning"),)

# Owning the first raises the hazard of the second.
AFFINITIES = {
    ("Solidworks", "PDM"): 0.7,
    ("Solidworks", "Simulation"): 0.8,
    ("Solidworks", "Electrical"): 0.6,
    ("Solidworks", "CAMWorks"): 0.6,
    ("Solidworks", "Maintenance"): 0.9,
    ("Solidworks", "Success_Plan"): 0.3,
    ("Simulation", "Services"): 0.4,
    ("Simulation", "Hardware"): 0.3,
    ("PDM", "Services"): 0.9,
    ("PDM", "Electrical"): 0.5,
    ("Services", "PDM"): 0.5,
    ("Hardware", "Scanning"): 1.1,
    ("Hardware", "AM_Software"): 1.2,
    ("Scanning", "AM_Software"): 0.8,
    ("Scanning", "Hardware"): 0.7,
    ("Hardware", "Maintenance"): 0.5,
    ("CAMWorks", "Services"): 0.3,
    ("Electrical", "PDM"): 0.4,
}

# Industry -> (share, sub-industries, effects by division).
INDUSTRIES: dict[str, tuple[float, tuple[str, ...], dict[str, float]]] = {
    "Industrial machinery": (
        0.22,
        ("Packaging lines", "Pumps and valves", "Conveyors"),
        {"PDM": 0.5, "Electrical": 0.6, "Solidworks": 0.3, "Simulation": 0.1, "Scanning": -0.3},
    ),
    "Aerospace": (
        0.09,
        ("Airframes", "Cabin interiors", "Drones"),
        {"Simulation": 1.2, "Scanning": 0.6, "AM_Software": 0.6, "Services": 0.4, "PDM": 0.6},
    ),
    "Medical devices": (
        0.12,
        ("Implants", "Instruments", "Diagnostics"),
        {"Scanning": 0.8, "AM_Software": 0.6, "Hardware": 0.8, "Simulation": 0.6, "CAMWorks": -0.2},
    ),
    "Consumer goods": (
        0.15,
        ("Toys", "Kitchenware", "Sporting goods"),
        {"Hardware": 0.4, "Simulation": -0.3, "Electrical": -0.5, "CAMWorks": -0.4, "PDM": -0.3},
    ),
    "Education": (
        0.10,
        ("Universities", "Vocational schools"),
        {
            "Solidworks": -0.5,
            "PDM": -0.9,
            "Services": -0.9,
            "Hardware": 0.4,
            "Maintenance": -0.4,
            "Success_Plan": -0.5,
            "CAMWorks": -0.6,
            "Simulation": -0.6,
            "Electrical": -0.8,
        },
    ),
    "Tooling and moulds": (
        0.14,
        ("Injection moulds", "Stamping dies", "Fixtures"),
        {"CAMWorks": 1.3, "Scanning": 0.4, "Simulation": 0.1, "Electrical": -0.8, "PDM": -0.4},
    ),
    "Electronics": (
        0.11,
        ("Enclosures", "Sensors", "Power supplies"),
        {"Electrical": 1.1, "PDM": 0.3, "CAMWorks": -0.7, "Simulation": 0.3, "Scanning": -0.6},
    ),
    "Architecture": (
        0.07,
        ("Facades", "Exhibits"),
        {
            "Solidworks": -0.7,
            "Simulation": -0.8,
            "PDM": -0.8,
            "Hardware": 0.2,
            "CAMWorks": -0.9,
            "Electrical": -0.9,
            "Success_Plan": -0.4,
            "Maintenance": -0.5,
            "Services": 0.1,
        },
    ),
}

# Region -> (branch, territories); each territory has two representatives.
REGIONS = {
    "Lakes": ("Harbor Point", ("Lakes North", "Lakes South", "Lakes West")),
    "Coast": ("Saltmarsh", ("Coast Upper", "Coast Lower")),
    "Plains": ("Windmill", ("Plains East", "Plains West", "Plains Central")),
    "Mountain": ("Larkspur", ("Mountain Front", "Mountain Basin")),
    "Maple": ("Cedar Falls", ("Maple East", "Maple West")),
}
REPS = (
    "Ada Quillon", "Bram Osei", "Cleo Varga", "Dario Pell", "Edda Munk", "Farid Nolan",
    "Greta Sollis", "Hugo Tanaka", "Ines Marlow", "Jonas Birk", "Kaya Ferro", "Linus Abara",
    "Mira Costin", "Nils Haverty", "Oona Drake", "Pavel Ruiz", "Quinn Astor", "Runa Keel",
    "Soren Vale", "Tilda Moreau", "Ugo Lindt", "Vera Stamm", "Wes Okoro", "Yara Finch",
)  # fmt: skip
NAME_HEADS = (
    "Alder", "Bramble", "Cobalt", "Dunmore", "Élan", "Fairwind", "Granite", "Ironbark",
    "Juniper", "Kestrel", "Lumen", "Marigold", "Northgate", "Orchard", "Pinnacle Bay", "Quarry",
    "Redfern", "Silverline", "Thistle", "Umbra", "Vantage", "Wexley", "Yarrow", "Zephyr", "Ångbåt",
    "Harlow, Finch", "Hollow Oak", "Osprey", "Tamarack", "Copperfield",
)  # fmt: skip
# What most names begin with is coined of these: as rarely shared as a company's own name is.
NAME_SYLLABLES = (
    ("B", "Br", "C", "D", "F", "G", "H", "K", "L", "M", "N", "P", "R", "S", "T", "Tr", "V", "W"),
    ("a", "e", "i", "o", "u", "ei"),
    # Chosen so that no syllable before them makes a word that nobody wants to read.
    ("b", "lb", "lv", "d", "l", "lm", "m", "n", "nd", "nv", "rp", "r", "rn", "rd", "st", "lt", "v", "th"),
    ("a", "e", "i", "o", "u", "ia"),
    ("bec", "don", "ford", "gen", "line", "mark", "nor", "quist", "ric", "son", "tek", "vale"),
)  # fmt: skip
NAME_MIDDLES = (
    "Machine", "Design", "Dynamics", "Tool", "Systems", "Robotics", "Devices", "Forge", "Labs",
    "Motion", "Plastics", "Fabrication", "Instruments", "Controls", "Products", "Works",
    '"Prime" Parts', "Engineering", "Assemblies", "Molding",
)  # fmt: skip
NAME_TAILS = ("Inc.", "LLC", "Ltd", "Co.", "& Sons", "Group", "Corp.", "Partners", "GmbH", "Works")
