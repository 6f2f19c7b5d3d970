"""Pictures of a grid and its files: a map, a card for notebooks, contact sheets, a page.

The functions take a grid, and the source and reader of its files; they return text, HTML,
SVG and figures. Matplotlib is needed for figures alone, and imported when one is drawn.
"""

from dask_fileseq.report.axisroles import MOST_CHANNELS, axis_roles
from dask_fileseq.report.card import html_card
from dask_fileseq.report.contrast import Contrast
from dask_fileseq.report.dyes import channel_hues
from dask_fileseq.report.figure import preview_figure
from dask_fileseq.report.gridlayout import grid_layout
from dask_fileseq.report.gridmap import text_map
from dask_fileseq.report.page import report_html
from dask_fileseq.report.sheet import contact_sheet
from dask_fileseq.report.summary import array_summary, first_info, grid_summary

__all__ = [
    "MOST_CHANNELS",
    "Contrast",
    "array_summary",
    "axis_roles",
    "channel_hues",
    "contact_sheet",
    "first_info",
    "grid_layout",
    "grid_summary",
    "html_card",
    "preview_figure",
    "report_html",
    "text_map",
]
