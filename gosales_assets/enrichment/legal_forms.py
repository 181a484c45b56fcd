"""Words of company names that say little of who it is: legal forms, articles, abbreviations.

Constants only. A word that tells two companies apart ("West", "Tools", "International") is not
here: dropping it would make two companies one.
"""

ARTICLES = frozenset({"the"})
# Left out where words are compared one by one; "Smith Jones" is "Smith & Jones".
# Letters are not here: "D. E. Miller" is no "of".
CONNECTORS = frozenset({"and", "of", "und", "et", "og", "och"})
BEFORE_KIN = CONNECTORS | {"y", "e"}

# Abbreviations that are no word of a name: dropped wherever they stand. Value = the form they are.
ANYWHERE = {
    "inc": "inc", "llc": "llc", "ltd": "ltd", "ltda": "ltda", "corp": "corp", "gmbh": "gmbh",
    "mbh": "gmbh", "plc": "plc", "llp": "llp", "pllc": "pllc", "sarl": "sarl", "srl": "srl",
    "bv": "bv", "pty": "pty", "kgaa": "kgaa", "aps": "aps", "sprl": "sprl", "bvba": "bvba",
}  # fmt: skip

# Words, and letters that may be initials: dropped at the end of a name alone.
AT_THE_END = {
    "incorporated": "inc", "limited": "ltd", "corporation": "corp", "company": "co", "co": "co",
    "cie": "co", "compania": "co", "compagnie": "co", "ag": "ag", "sa": "sa", "sas": "sas",
    "sasu": "sas", "spa": "spa", "snc": "snc", "sl": "sl", "slu": "sl", "sau": "sa", "nv": "nv",
    "kg": "kg", "ohg": "ohg", "gbr": "gbr", "ug": "ug", "ev": "ev", "ab": "ab", "as": "as",
    "asa": "asa", "oy": "oy", "oyj": "oy", "lp": "lp", "pc": "pc", "pa": "pa", "pte": "pte",
    "sdn": "sdn", "bhd": "bhd", "kk": "kk", "sac": "sac", "sab": "sab", "cv": "cv", "eirl": "eirl",
    "zoo": "zoo", "doo": "doo", "sro": "sro", "kft": "kft", "ltee": "ltd", "group": "group",
    "gruppe": "group", "groupe": "group", "holding": "holding", "holdings": "holding",
}  # fmt: skip

# Of a family firm, dropped at the end after a connector: "Miller & Sons", "Dupont et Fils".
KIN = {
    "sons": "sons", "son": "sons", "soehne": "sons", "sohne": "sons", "sohn": "sons",
    "fils": "sons", "hijos": "sons", "figli": "sons", "daughters": "daughters",
    "partners": "partners", "associates": "associates",
}  # fmt: skip

# Written short in one source and in full in the other.
ABBREVIATIONS = {
    "intl": "international", "internatl": "international", "natl": "national",
    "mfg": "manufacturing", "mfrs": "manufacturers", "eng": "engineering", "engr": "engineering",
    "engrg": "engineering", "tech": "technology", "technologies": "technology",
    "svc": "services", "svcs": "services", "service": "services", "sys": "systems",
    "mgmt": "management", "assoc": "associates", "assocs": "associates", "bros": "brothers",
    "univ": "university", "ctr": "center", "cntr": "center", "centre": "center",
    "lab": "laboratory", "labs": "laboratory", "laboratories": "laboratory",
    "prod": "products", "prods": "products", "equip": "equipment", "grp": "group",
    "hldgs": "holdings", "hldg": "holding", "ind": "industries", "inds": "industries",
    "instr": "instruments", "fab": "fabrication", "mach": "machine", "mech": "mechanical",
    "amer": "american", "dist": "distribution", "hosp": "hospital", "dept": "department",
    "govt": "government", "st": "saint", "mt": "mount", "ft": "fort", "cnty": "county",
    "colour": "color", "moulding": "molding", "fibre": "fiber", "aluminium": "aluminum",
}  # fmt: skip

# Letters that no decomposition turns into plain ones.
FOLDED = {
    "ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i",
    "ħ": "h", "ŋ": "n", "ŧ": "t",
}  # fmt: skip
