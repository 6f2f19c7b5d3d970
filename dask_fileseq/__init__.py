"""A folder of image files as one lazy dask array."""

import lazy_loader

# dask loads the command line for each of its own commands: that must not load dask.array
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
