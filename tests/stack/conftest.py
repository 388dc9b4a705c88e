import os
import signal
from types import FrameType

# The transform asks for a region, and takes no other part of the machine's settings.
os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


# A run that is told to end must still stop what it has started.
signal.signal(signal.SIGTERM, _interrupt)
