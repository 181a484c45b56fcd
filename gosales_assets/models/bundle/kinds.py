"""What all kinds of bundles share: a card, one file of JSON beside the others, and how damage is told."""

import contextlib
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from lightgbm.basic import LightGBMError

from gosales_assets.models.bundle.manifest import seal, verified
from gosales_resources.errors import BundleError


@dataclass(frozen=True, kw_only=True)
class BundleCard:
    """What is known of a model of any kind: its columns in the contract's order, each kind its own.

    All have `cutoff` as text, and `training_cutoffs`, a list.
    """

    def to_row(self) -> dict[str, Any]:
        """Return the row of the contract, which has the number of training cutoffs for their list."""
        known = asdict(self)
        return {
            **known,
            "cutoff": dt.date.fromisoformat(known["cutoff"]),
            "training_cutoff_count": len(known["training_cutoffs"]),
        }


@dataclass(frozen=True)
class BundleKind:
    """A kind of bundle: how it is called, the asset that makes it, and its file of JSON."""

    name: str
    asset: str
    file: str

    def write(self, content: Mapping[str, Any], beside: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the sealed files: what JSON can say, and those beside it; equal ones give equal bytes."""
        text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n"
        return seal({self.file: text.encode(), **beside})

    def read(self, files: Mapping[str, bytes]) -> dict[str, Any]:
        """Return the JSON of a bundle.

        Raises
        ------
        BundleError
            When the bundle is foreign, of another version or damaged.
        """
        with self.opening():
            return dict(json.loads(verified(files)[self.file]))

    @contextlib.contextmanager
    def opening(self) -> Iterator[None]:
        """Tell as damage what the content of a bundle makes its reader stumble over.

        Raises
        ------
        BundleError
            With what to do.
        """
        try:
            yield
        except (KeyError, TypeError, ValueError, LightGBMError) as error:
            raise BundleError(
                f"The {self.name} is damaged: {error!r}. Rematerialise {self.asset}."
            ) from error
