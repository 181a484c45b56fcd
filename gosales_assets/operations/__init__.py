"""The planner, its runs, what is stored and whether it is current, sensors."""
