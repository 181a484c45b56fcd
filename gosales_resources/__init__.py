"""Ground floor: settings, scope, partitions, storage, sources."""

from gosales_resources.instance.allocator import keep_pages

# Before any module below imports Polars.
keep_pages()
