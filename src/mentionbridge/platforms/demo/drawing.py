"""A small drawing of a broken swing, for the story."""

import io

from PIL import Image, ImageDraw

_SKY, _GRASS, _WOOD, _CHAIN, _SEAT = (190, 220, 240), (120, 170, 95), (120, 80, 50), (90, 90, 95), (200, 60, 50)


def broken_swing() -> bytes:
    """Return a PNG of 640 × 420 pixels."""
    image = Image.new("RGB", (640, 420), _SKY)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 310, 640, 420), fill=_GRASS)
    pen.ellipse((500, 40, 570, 110), fill=(250, 220, 110))
    for foot, top in ((110, 160), (210, 160), (430, 480), (530, 480)):
        pen.line((foot, 350, top, 80), fill=_WOOD, width=14)
    pen.line((140, 82, 500, 82), fill=_WOOD, width=16)
    pen.line((270, 90, 270, 260), fill=_CHAIN, width=5)
    pen.line((370, 90, 370, 150), fill=_CHAIN, width=5)
    pen.line((370, 150, 385, 165), fill=_CHAIN, width=5)
    pen.polygon(((258, 262), (272, 254), (350, 338), (336, 346)), fill=_SEAT)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
