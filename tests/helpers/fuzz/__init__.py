"""Files that are damaged at random, and what must become of them; ``python -m tests.fuzz``."""
