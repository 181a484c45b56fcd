"""Names of months that strptime does not know, with the English abbreviation that it does."""

import polars as pl

ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# English, German, French, Spanish, Portuguese, Italian, Dutch. None is a month in one language and
# another month in a second.
WRITTEN = (
    "january januar janvier janv enero ene janeiro gennaio gen januari jänner jan",
    "february februar février fevrier févr fevr fév febrero fevereiro fev febbraio februari feber feb",
    "march märz maerz mrz mär mars marzo março marco maart mrt mar",
    "april avril avr abril abr aprile apr",
    "may mai mayo maio maggio mag mei",
    "june juni juin junio junho giugno giu jun",
    "july juli juillet juil julio julho luglio lug jul",
    "august août aout agosto ago augustus aug",
    "september septembre septiembre setiembre setembro settembre sept set sep",
    "october oktober octobre octubre outubro ottobre okt out ott oct",
    "november novembre noviembre novembro nov",
    "december dezember décembre decembre diciembre dezembro dicembre dez déc dic dec",
)
MONTHS = {name: at for at, names in enumerate(WRITTEN, start=1) for name in names.split()}
# The longest first: `mar` would end `marzo` early.
_SHORT = {
    name: ENGLISH[MONTHS[name] - 1] for name in sorted(MONTHS, key=lambda name: (-len(name), name))
}


def english_months(cells: pl.Series) -> pl.Series:
    """Write the months in dates as strptime's `%b` reads them.

    Parameters
    ----------
    cells
        Text of dates; null stays null.

    Returns
    -------
    polars.Series
        The same with the name of a month as its English abbreviation.

    Examples
    --------
    >>> english_months(pl.Series(["3 Sept 2023", "3. März 2023"])).to_list()
    ['3 sep 2023', '3. mar 2023']
    """
    return cells.str.replace_many(_SHORT, ascii_case_insensitive=True, leftmost=True)
