"""The Dagster UI as GoSales serves it: guarded, one daemon a store."""
