"""Ground floor: settings, scope, partitions, storage, sources."""
