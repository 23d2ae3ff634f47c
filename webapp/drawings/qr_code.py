"""Draws a QR code as one SVG path with whole pixels per module, so that it is sharp on the TV."""

from __future__ import annotations

from markupsafe import Markup

_QUIET_ZONE = 4
_SIDE = 560


def qr_svg(text: str, side: int = _SIDE, label: str = "Scan to order") -> Markup:
    """Returns an SVG of the QR code with its white quiet zone.

    side: the most pixels it may take. label: its name for screen readers.
    """
    import qrcode

    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    modules = len(matrix) + 2 * _QUIET_ZONE
    pixels = max(side // modules, 1) * modules
    path = "".join(
        f"M{x + _QUIET_ZONE} {y + _QUIET_ZONE}h{length}v1h-{length}z"
        for y, row in enumerate(matrix)
        for x, length in _runs(row)
    )
    return Markup(
        '<svg role="img" aria-label="{3}" width="{0}" height="{0}" '
        'viewBox="0 0 {1} {1}" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{1}v{1}H0z"/><path fill="#000" d="{2}"/></svg>'
    ).format(pixels, modules, path, label)


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    runs, start = [], None
    for x, is_dark in enumerate([*row, False]):
        if is_dark and start is None:
            start = x
        elif not is_dark and start is not None:
            runs.append((start, x - start))
            start = None
    return runs
