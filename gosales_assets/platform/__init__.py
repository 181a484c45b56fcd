"""How an asset is declared, the publishing gate, side-by-side work, pictures as metadata."""
