"""What holds for all tests."""

from hypothesis import settings

# A loaded machine is no fault of the code, and the gate says the same twice: what draws anew each
# time is slow and says so.
settings.register_profile("gosales", deadline=None, derandomize=True)
settings.load_profile("gosales")
