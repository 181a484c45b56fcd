"""What can be fitted: regressions, trees, pooled trees."""
