"""What holds for all tests."""

import os
import sys
from pathlib import Path

from hypothesis import settings

# As in an environment that was activated, however the tests were started: commands are printed so
# that they run where they are read, and what is printed follows from where the program is found.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).absolute().parent), os.environ.get("PATH", "")]
)

# A loaded machine is no fault of the code, and the gate says the same twice: what draws anew each
# time is slow and says so.
settings.register_profile("gosales", deadline=None, derandomize=True)
settings.load_profile("gosales")
