"""Makes small square pictures of one that a client brought, in a process of its own that may do nothing else.

It is run as a file by services.media.pictures, and imports nothing of ours: whatever a crafted picture makes a decoder
do happens where there is no secret, no file, no socket and little memory. The picture comes by standard input. Out goes
one letter, and after `MADE` for each square its side (2 bytes), its length (4 bytes) and its WebP.
"""

import io
import os
import resource
import struct
import sys
from contextlib import suppress

from PIL import Image, ImageCms, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

LOADED = (MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin)
"""Pillow would load some of them only with a picture that needs them, when no file can be opened any more."""

MADE, UNSUPPORTED, TOO_LARGE, INVALID = b"M", b"U", b"L", b"I"
SQUARE_HEAD = struct.Struct(">HI")

MEBIBYTE = 1024 * 1024
LIMITS = {
    "RLIMIT_AS": (512 * MEBIBYTE, 512 * MEBIBYTE),
    # With some 12 MiB of programs and the stack this keeps the process below 150 MiB, where the system knows it.
    "RLIMIT_DATA": (136 * MEBIBYTE, 136 * MEBIBYTE),
    "RLIMIT_CPU": (10, 11),
    "RLIMIT_FSIZE": (0, 0),
    "RLIMIT_CORE": (0, 0),
    "RLIMIT_NOFILE": (3, 3),
    "RLIMIT_NPROC": (0, 0),
}
NICENESS = 10

# Of a PNG each pixel takes 4 bytes, and of a WebP 16, since libwebp has two canvases and Pillow two copies.
MOST_PIXELS = {"PNG": 25_000_000, "JPEG": 25_000_000, "WEBP": 7_000_000}
COEFFICIENT_BYTES = 2
MOST_COEFFICIENT_BYTES = 100_000_000
MARK, SCAN = b"\xff", 0xDA
LONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9), 0xFF})
"""Behind the mark of a segment: those that are none, or have no length."""

SIDES = (512, 256, 128, 64)
LARGEST = SIDES[0]
BAND_ROWS = 64
QUALITY = 85
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


class TooLarge(Exception):
    """Decoding it would take more memory than there is."""


def confine() -> None:
    """Give up what is not needed, for good. What a system does not know, or has limited further, is left as it is."""
    os.nice(NICENESS)
    for name, (soft, hard) in LIMITS.items():
        with suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (soft, hard))


def answer(data: bytes) -> bytes:
    format_name = format_of(data)
    if format_name is None:
        return UNSUPPORTED
    try:
        return MADE + b"".join(made(standard(data, format_name)))
    except (TooLarge, Image.DecompressionBombError, MemoryError):
        return TOO_LARGE
    except Exception:  # noqa: BLE001  a broken picture may raise anything
        return INVALID


def format_of(data: bytes) -> str | None:
    """By how the bytes begin, which Pillow goes by, too."""
    for name in MOST_PIXELS:
        _, accepts = Image.OPEN[name]
        if accepts is not None and accepts(data[:16]) is True:
            return name
    return None


def made(square: Image.Image) -> list[bytes]:
    largest = scaled(square, LARGEST)
    squares: list[bytes] = []
    for side in SIDES:
        written = io.BytesIO()
        scaled(largest, side).save(written, "WEBP", quality=QUALITY, exif=b"", xmp=b"", icc_profile=b"")
        squares.append(SQUARE_HEAD.pack(side, written.tell()) + written.getvalue())
    return squares


def scaled(square: Image.Image, side: int) -> Image.Image:
    return square.resize((side, side), Image.Resampling.LANCZOS)  # pyright: ignore[reportUnknownMemberType]


def standard(data: bytes, format_name: str) -> Image.Image:
    """The middle of the first frame as an upright square in sRGB, without anything but pixels."""
    # Pillow refuses more than twice as many as it is told, and does so before it makes room for them.
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS[format_name] // 2
    with Image.open(io.BytesIO(data), formats=[format_name]) as picture:
        if (
            isinstance(picture, JpegImagePlugin.JpegImageFile)
            and coefficient_bytes(picture, data) > MOST_COEFFICIENT_BYTES
        ):
            raise TooLarge
        picture.draft(None, (2 * LARGEST, 2 * LARGEST))
        picture.load()
        square = middle(picture)
        profile = picture.info.get("icc_profile")
        turn = turn_of(picture)
    square = in_srgb(square, profile)
    square.info = {}
    return square if turn is None else square.transpose(turn)


def coefficient_bytes(picture: JpegImagePlugin.JpegImageFile, data: bytes) -> int:
    """What is kept until the last scan. Of a picture in one scan that is a few rows at a time, made smaller at once."""
    layers = [(across, down) for _, across, down, _ in picture.layer]
    if not picture.info.get("progressive") and layers_of_first_scan(data) == len(layers):
        return 0
    finest = max(across for across, _ in layers) * max(down for _, down in layers)
    samples = picture.width * picture.height * sum(across * down for across, down in layers)
    return COEFFICIENT_BYTES * samples // max(1, finest)


def layers_of_first_scan(jpeg: bytes) -> int:
    """Raises ValueError or IndexError where there is no scan."""
    place = 2
    while True:
        place = jpeg.index(MARK, place) + 1
        if jpeg[place] == SCAN:
            return jpeg[place + 3]
        if jpeg[place] not in LONE:
            place += 1 + int.from_bytes(jpeg[place + 1 : place + 3], "big")


def middle(picture: Image.Image) -> Image.Image:
    """The largest square in the middle, scaled down roughly, a band after the other since each is converted on the way."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    factor = max(1, side // (2 * LARGEST))
    rows = BAND_ROWS * factor
    bands = [
        plain(picture.crop((left, top + y, left + side, top + min(side, y + rows)))).reduce(factor)
        for y in range(0, side, rows)
    ]
    square = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    y = 0
    for band in bands:
        square.paste(band, (0, y))
        y += band.height
    return square


def plain(band: Image.Image) -> Image.Image:
    """In a mode that can be scaled: L, RGB, RGBA or CMYK, with eight bits a channel."""
    if band.has_transparency_data:
        return band.convert("RGBA")
    if band.mode in {"I", "I;16"}:
        return band.point(lambda value: value / 256).convert("L")  # pyright: ignore[reportUnknownMemberType]
    return band if band.mode in {"L", "RGB", "CMYK"} else band.convert("RGB")


def in_srgb(square: Image.Image, profile: object) -> Image.Image:
    """Colours as everybody shows them. A profile that cannot be read is left out of account."""
    if isinstance(profile, bytes) and profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            opaque = square.convert("RGB") if square.mode == "RGBA" else square
            converted = ImageCms.profileToProfile(opaque, meant, SRGB, outputMode="RGB")
            if converted is not None:
                if square.mode == "RGBA":
                    converted.putalpha(square.getchannel("A"))
                return converted
    return square if square.mode in {"RGB", "RGBA"} else square.convert("RGB")


def turn_of(picture: Image.Image) -> Image.Transpose | None:
    """What makes it upright."""
    try:
        return TURNS.get(picture.getexif()[ORIENTATION])
    except Exception:  # noqa: BLE001  broken EXIF may raise anything, and the picture is good without it
        return None


def main() -> None:
    Image.preinit()
    confine()
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
