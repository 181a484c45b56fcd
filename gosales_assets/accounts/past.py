"""The past of customers' attributes: what they were at a cutoff, against what they are."""

import datetime as dt

from gosales_assets.platform.past import Past
from gosales_checks.contracts.accounts import DIM_CUSTOMER_HISTORY
from gosales_checks.verdicts.attributes import compare_attributes
from gosales_checks.verdicts.restatement import Restatement
from gosales_resources.store.address import Address
from gosales_resources.store.past import past_of

CUSTOMERS = "source.customers"


class AttributePast(Past):
    """The past of `dim_customer_history` at all cutoffs."""

    tables = (DIM_CUSTOMER_HISTORY.name,)
    reading = (CUSTOMERS,)

    def compared(self, cutoff: dt.date) -> Restatement | None:
        """Compare attributes, where the customers' source is another than it was."""
        address = Address(DIM_CUSTOMER_HISTORY.name, cutoff)
        digests = [
            (self.store.facts(state).get("inputs") or {}).get(CUSTOMERS)
            for state in (past_of(address), address)
        ]
        # What the log or a directory says otherwise is told of them.
        if digests[0] == digests[1]:
            return None
        return compare_attributes(*self.before(cutoff), *self.stored(cutoff))
