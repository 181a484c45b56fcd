"""The partition space, which labels are mature, what counts for a target, ranges of customers."""
