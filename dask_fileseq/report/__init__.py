"""What people look at: a map of the grid, a card for notebooks, contact sheets, a page.

Takes grids and files, gives text, HTML and pictures. The modules, each using only those
before it: `gridmap`, `svgmap`, `card`; `roles`, `thumbnails`, `sheet`,
`figure`, `histogram`, `page`.
Matplotlib is imported in `figure` alone, and there only inside functions.
"""
