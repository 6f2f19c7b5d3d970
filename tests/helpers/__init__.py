"""What test modules share and import; fixtures are in ``conftest.py``."""
