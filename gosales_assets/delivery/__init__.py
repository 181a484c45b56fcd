"""The list as files that leave GoSales."""
