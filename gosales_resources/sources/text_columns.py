"""The columns of a text file, with the blank fields that programs put behind the last of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TextColumns:
    """What a file has columns of."""

    names: list[str]
    width: int
    """Fields of a row: programs put separators behind the last column, in the header or not."""

    @property
    def surplus(self) -> list[str]:
        """Columns without a name behind the last that has one; blank in every row that is sound."""
        return [f"__surplus_{at}" for at in range(len(self.names), self.width)]

    def fitted(self, fields: list[str]) -> list[str]:
        """Return a row's fields without blank ones behind the last column.

        Raises
        ------
        ValueError
            When it has fewer fields than there are columns, or more that are filled.
        """
        if len(fields) < len(self.names) or any(fields[len(self.names) :]):
            raise ValueError(f"{len(fields)} fields, expected {len(self.names)}")
        return fields[: len(self.names)]
