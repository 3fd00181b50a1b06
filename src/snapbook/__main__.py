"""`python -m snapbook` is `snapbook`."""

from __future__ import annotations

import sys

from snapbook.cli import main

sys.exit(main())
