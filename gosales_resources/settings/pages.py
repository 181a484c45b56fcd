"""Settings of the pages: who may see which rows where people log in.

They change no number. What logs people in (client secret, key of the cookies) is in a file of its own
or in variables, never here.
"""

from typing import Annotated

from pydantic import Field, model_validator

from gosales_resources.settings.base import StrictModel

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]


class PageSettings(StrictModel):
    """Who sees what on the pages of `gosales pages` where people log in (docs/pages.md)."""

    managers: list[Email] = Field(
        default_factory=list,
        description="E-mail addresses of those who see every row and every page.",
    )
    sellers: dict[Email, list[str]] = Field(
        default_factory=dict,
        description="E-mail address -> names of representatives whose rows are seen. Who is not "
        "named, and is no representative of `rep_ownership` by the address, sees nothing.",
    )

    @model_validator(mode="after")
    def _nobody_is_both(self) -> "PageSettings":
        managers = {one.casefold() for one in self.managers}
        sellers = [one.casefold() for one in self.sellers]
        if both := sorted(managers & set(sellers)):
            raise ValueError(f"{both[0]} is in managers and in sellers: leave it in one of them")
        if twice := sorted({one for one in sellers if sellers.count(one) > 1}):
            raise ValueError(f"sellers: {twice[0]} is there twice, in different case")
        return self
