"""Tables of the experiment on the list: who was drawn into which arm, and what calling brought."""

import dataframely as dy

from gosales_checks.contracts.contract import MONEY, Contract, Read
from gosales_checks.contracts.labels import LABELS
from gosales_checks.contracts.whitespace import LIST_READS, WHITESPACE

TREATED, CONTROL, EXPLORE = "treated", "control", "explore"
# What the draw moved beside them: next in order that got a control's seat, and controls that would
# have got one.
REFILL, PASSED = "refill", "passed"
ARMS = [TREATED, CONTROL, EXPLORE, REFILL, PASSED]
# Why an experiment is read or not.
OFF, EMPTY, NOT_ENDED = "off", "empty", "window not ended"
ODD, FEW, OK = "split is odd", "too few families", "ok"
STATUSES = [OFF, EMPTY, NOT_ENDED, ODD, FEW, OK]
ACCOUNTS = {"unit": "accounts"}
FAMILIES = {"unit": "families"}


class ListArms(dy.Schema):
    """Accounts that the experiment moved or compares; empty where it is off."""

    customer_id = dy.String(primary_key=True, description="Customer.")
    family = dy.String(description="What is drawn as one: the customer, or its family.")
    cutoff = dy.Date(description="Of the list.")
    epoch = dy.String(description="First day of the span in which the family keeps its arm.")
    arm = dy.String(
        check=lambda c: c.is_in(ARMS),
        description="treated, control: has a seat without the experiment, and is called or left "
        "alone. explore: drawn by chance though ranked low. refill: got a control's seat. passed: a "
        "control that would have got one. The last three are not compared.",
    )
    arm_probability = dy.Float64(
        nullable=True, min=0, max=1,
        description="Chance of the arm, at the draw; null for refill and passed.",
        metadata={"unit": "fraction"},
    )  # fmt: skip
    place_before = dy.Int64(
        min=1, description="Place on the list of the row that it is in for, the best of them."
    )
    value_before = dy.Float64(
        description="Net value of the 12 months before, all divisions.", metadata=MONEY
    )

    @dy.rule()
    def what_is_drawn_has_a_chance(cls):
        """An arm that chance gave says how likely it was."""
        is_drawn = cls.arm.col.is_in([TREATED, CONTROL, EXPLORE])
        return is_drawn == cls.arm_probability.col.is_not_null()


class ExperimentReadout(dy.Schema):
    """What working a list brought, when its window has ended."""

    cutoff = dy.Date(primary_key=True, description="Of the list.")
    epoch = dy.String(nullable=True, description="As `list_arms`; null where it is off.")
    status = dy.String(
        check=lambda c: c.is_in(STATUSES),
        description="ok; or why there is no figure: off, empty (nobody was drawn), window not ended, "
        "split is odd (accounts of one arm were lost: find out why), too few families.",
    )
    verdict = dy.String(
        description="works, does not pay, not yet decidable and how many more accounts; or why not."
    )
    treated_accounts = dy.Int64(
        min=0, description="Compared: drawn to be called, called or not.", metadata=ACCOUNTS
    )
    control_accounts = dy.Int64(
        min=0, description="Compared: drawn to be left alone.", metadata=ACCOUNTS
    )
    family_count = dy.Int64(min=0, description="Families of both.", metadata=FAMILIES)
    earlier_accounts = dy.Int64(
        min=0,
        description="Left out: their family was in an earlier list of the epoch, and what became of "
        "it there depends on its arm.",
        metadata=ACCOUNTS,
    )
    lost_accounts = dy.Int64(min=0, description="Left out: without an outcome.", metadata=ACCOUNTS)
    sample_ratio_p = dy.Float64(
        nullable=True, min=0, max=1,
        description="Chance of a split of the families as odd as this one, exact.",
    )  # fmt: skip
    effect = dy.Float64(
        nullable=True,
        description="What calling added per account in the window, over all targets; freed of what "
        "the value before, division and decile of the seat explain.",
        metadata=MONEY,
    )
    effect_low = dy.Float64(
        nullable=True, description="Low end of its 95 % interval, by family.", metadata=MONEY
    )
    effect_high = dy.Float64(nullable=True, description="High end.", metadata=MONEY)
    plain = dy.Float64(
        nullable=True, description="Mean of the treated less that of the controls.", metadata=MONEY
    )
    plain_low = dy.Float64(
        nullable=True, description="Low end of its 95 % interval, by family.", metadata=MONEY
    )
    plain_high = dy.Float64(nullable=True, description="High end.", metadata=MONEY)
    cost_per_account = dy.Float64(
        min=0, description="What an effect has to exceed, as set.", metadata=MONEY
    )

    @dy.rule()
    def only_what_is_read_has_an_effect(cls):
        """An effect stands beside the status ok and nowhere else."""
        is_read = cls.effect.col.is_not_null() & cls.plain.col.is_not_null()
        nothing = cls.effect.col.is_null() & cls.plain.col.is_null()
        is_ok = cls.status.col == OK
        return (is_ok & is_read) | (~is_ok & nothing)


LIST_ARMS = Contract(
    name="list_arms",
    schema=ListArms,
    grain="one row per account of the experiment",
    group="whitespace",
    made_by="whitespace.whitespace",
    partitioned_by="cutoff",
    settings=("whitespace",),
    reads=LIST_READS,
    description="Who was drawn into which arm of the list's experiment; no file for people has it.",
)
EXPERIMENT_READOUT = Contract(
    name="experiment_readout",
    schema=ExperimentReadout,
    grain="one row",
    group="validation",
    made_by="validation.experiment_readout",
    partitioned_by="cutoff",
    settings=("whitespace.experiment",),
    reads=(
        Read(WHITESPACE),
        # Earlier lists of the epoch are looked at where they are; none is made for it.
        Read(LIST_ARMS, "up_to_cutoff", may_be_missing=True, is_loaded=False, is_gated=False),
        Read(LABELS),
    ),
    description="What calling the accounts of the list brought, against those left alone, with "
    "interval and verdict.",
)
