"""GeoTIFF files made key by key."""

import numpy as np
import tifffile

KEYS = {
    "model": 1024, "raster": 1025, "citation": 1026, "geographic": 2048, "geo_citation": 2049,
    "datum": 2050, "meridian": 2051, "geo_linear": 2052, "angular": 2054, "angular_size": 2055,
    "ellipsoid": 2056, "major": 2057, "minor": 2058, "flattening": 2059, "meridian_long": 2061,
    "projected": 3072, "pcs_citation": 3073, "projection": 3074, "method": 3075,
    "linear": 3076, "linear_size": 3077, "parallel_1": 3078, "parallel_2": 3079,
    "natural_long": 3080, "natural_lat": 3081, "easting": 3082, "northing": 3083,
    "false_long": 3084, "false_lat": 3085, "false_easting": 3086, "false_northing": 3087,
    "center_long": 3088, "center_lat": 3089, "center_easting": 3090, "center_northing": 3091,
    "scale": 3092, "center_scale": 3093, "azimuth": 3094, "pole_long": 3095, "grid_angle": 3096,
    "vertical": 4096, "vertical_citation": 4097, "vertical_datum": 4098, "vertical_units": 4099,
}  # fmt: skip
"""Numbers of GeoKeys, by names of ours."""

SCALE, TIEPOINT, MATRIX = 33550, 33922, 34264


def doubles(code, *numbers):
    """Return a tag of floating point numbers."""
    return (code, "d", len(numbers), numbers, True)


def geo_keys(entries):
    """Return the tags with these pairs of a key's name and an int, a float or a text."""
    directory, numbers, text = [1, 1, 0, len(entries)], [], ""
    for name, value in entries:
        key = KEYS[name]
        if isinstance(value, int):
            directory += [key, 0, 1, value]
        elif isinstance(value, float):
            directory += [key, 34736, 1, len(numbers)]
            numbers.append(value)
        else:
            directory += [key, 34737, len(value) + 1, len(text)]
            text += f"{value}|"
    tags = [(34735, "H", len(directory), directory, True)]
    tags += [doubles(34736, *numbers)] if numbers else []
    return tags + ([(34737, "s", 0, text, True)] if text else [])


def write_geotiff(path, entries, image=None, place=None, tags=(), **args):
    """Write an image with these GeoKeys, and tags for its place; return the name of the file."""
    if place is None:
        place = [doubles(SCALE, 25.0, 20.0, 0.0), doubles(TIEPOINT, 0, 0, 0, 689000, 6096000, 0)]
    if isinstance(entries, dict):
        entries = list(entries.items())
    image = np.zeros((4, 5), "u1") if image is None else image
    extratags = [*geo_keys(entries), *place, *tags]
    tifffile.imwrite(path, image, extratags=extratags, metadata=None, **args)
    return str(path)


def write_raster(
    path, image=None, *, count=3, dtype="int16", crs="EPSG:32633", transform=None, **args
):
    """Write bands by rasterio, with what `args` say of bands; return the name of the file.

    By default they are 6 by 5 pixels of 10 by 20 metres, whose left upper corner is at
    (500, 900). The image is of the shape (bands, y, x).
    """
    import rasterio

    if image is None:
        image = np.arange(count * 30).reshape(count, 6, 5).astype(dtype)
    bands = ("descriptions", "units", "scales", "offsets")
    of_bands = {name: args.pop(name) for name in bands if name in args}
    size = {"count": image.shape[0], "height": image.shape[1], "width": image.shape[2]}
    place = {"crs": crs, "transform": transform or rasterio.Affine(10, 0, 500, 0, -20, 900)}
    settings = size | place | {"driver": "GTiff", "dtype": image.dtype} | args
    with rasterio.open(path, "w", **settings) as file:
        file.write(image)
        for name, values in of_bands.items():
            setattr(file, name, values)
    return str(path)
