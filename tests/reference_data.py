"""Where reference data are: real trees, measurements and definitions, which need not be there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

SHARED: Final = Path(os.environ.get("REFERENCE_DATA") or Path(__file__).parents[2] / "shared")
"""A folder beside the project, or the one that the variable names."""
