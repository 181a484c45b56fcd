"""One module per phase; each table is declared once, here."""
