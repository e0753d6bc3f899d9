"""``python -m morph``."""

import sys

from morph.cli import main

sys.exit(main())
