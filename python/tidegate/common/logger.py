"""The package's logger, for code that says `from dlt.common import logger`.

All messages go to loggers below `tidegate`: `logging.getLogger("tidegate").setLevel(...)`.
"""

import logging

LOGGER = logging.getLogger("tidegate")
