"""Files that people might send as their picture: good ones, broken ones, and ones that are meant to do harm.

Each is made by a function, by its name, with what may become of it: the letters of services.media.picture_process.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from PIL import Image, ImageCms, PngImagePlugin

MADE, UNSUPPORTED, TOO_LARGE, INVALID = "M", "U", "L", "I"

CANARY = "canary 51.4769 N 0.0005 W"
SCRIPT = f"<html><script>alert('{CANARY}')</script></html>".encode()
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
GPS = 0x8825


@dataclass(frozen=True, slots=True)
class Case:
    make: Callable[[], bytes]
    outcomes: str
    """What may become of it."""


def noise(size: int) -> bytes:
    return Random(size).randbytes(size)  # noqa: S311  not for secrets


def photo(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """A soft picture of no colour in particular, always the same."""
    seed = Image.frombytes("RGB", (16, 12), noise(16 * 12 * 3))
    return seed.resize((width, height), Image.Resampling.BICUBIC).convert(mode)  # pyright: ignore[reportUnknownMemberType]


def saved(picture: Image.Image, format_name: str, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, format_name, **options)
    return written.getvalue()


def plain(format_name: str, width: int = 640, height: int = 480, mode: str = "RGB", **options: object) -> bytes:
    return saved(photo(width, height, mode), format_name, **options)


def flat(format_name: str, width: int, height: int, mode: str = "RGB", **options: object) -> bytes:
    return saved(Image.new(mode, (width, height), 0), format_name, **options)


# PNGs, put together by hand.


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 8, height: int = 8, *chunks: bytes, pixels: bytes | None = None) -> bytes:
    """In shades of grey, with more chunks before its pixels."""
    rows = b"\x00" * (width + 1) * height if pixels is None else pixels
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"".join(
        [PNG_MAGIC, chunk(b"IHDR", head), *chunks, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    )


def text_bomb(kind: bytes, before: bytes, megabytes: int, times: int = 1) -> bytes:
    bomb = chunk(kind, before + zlib.compress(bytes(megabytes * 2**20), 9))
    return png(8, 8, *([bomb] * times))


def huge_png(width: int, height: int) -> bytes:
    return png(width, height, pixels=b"")


# Others by hand.


def huge_jpeg() -> bytes:
    """A real one that says of itself that it is 65,500 pixels across and as many high."""
    data = plain("JPEG", progressive=False)
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", 65_500, 65_500) + data[place + 4 :]


def riff(kind: bytes, body: bytes) -> bytes:
    data = b"WEBP" + kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(data)) + data


def huge_webp_canvas() -> bytes:
    return riff(b"VP8X", b"\x00\x00\x00\x00" + b"\xff\x3f\x00" * 2)


def huge_webp_lossless() -> bytes:
    return riff(b"VP8L", b"\x2f" + struct.pack("<I", 0x3FFF | 0x3FFF << 14) + bytes(64))


def one_layer_a_scan() -> bytes:
    """The beginning of a JPEG of 25 megapixels whose first scan is of one layer alone, though it is not progressive."""
    data = flat("JPEG", 5000, 5000, subsampling=0)
    place = data.index(b"\xff\xda")
    return data[:place] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + data[place + 14 :]


def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as opened:
        opened.writestr("run.sh", CANARY)
    return written.getvalue()


# Metadata.


def located() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = CANARY  # the description
    exif[0x0112] = 1
    exif.get_ifd(GPS).update({1: "N", 2: (51.0, 28.0, 36.0), 3: "W", 4: (0.0, 0.0, 2.0), 29: CANARY})
    return exif


def xmp() -> bytes:
    return f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{CANARY}</x:xmpmeta>".encode()


def profile() -> bytes:
    srgb = ImageCms.createProfile("sRGB")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return ImageCms.ImageCmsProfile(srgb).tobytes()  # pyright: ignore[reportUnknownArgumentType]


def noted_png() -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", CANARY)
    notes.add_itxt("XML:com.adobe.xmp", xmp().decode())
    notes.add_text("Location", CANARY, zip=True)
    return plain("PNG", pnginfo=notes, exif=located(), icc_profile=profile())


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return plain("JPEG", exif=exif)


def animated(format_name: str) -> bytes:
    """The first of its frames is red."""
    first, *others = (Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue"))
    return saved(first, format_name, save_all=True, append_images=others, duration=50)


def with_alpha() -> Image.Image:
    picture = photo(mode="RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))  # pyright: ignore[reportUnknownMemberType]
    return picture


def palette(**options: object) -> bytes:
    return saved(photo().quantize(64), "PNG", **options)


def deep_rgb() -> bytes:
    """Sixteen bits for each of red, green and blue."""
    head = struct.pack(">IIBBBBB", 32, 32, 16, 2, 0, 0, 0)
    rows = (b"\x00" + b"\xff\xff\x80\x00\x00\x00" * 32) * 32
    return b"".join([PNG_MAGIC, chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")])


def cut(format_name: str, part: float) -> bytes:
    data = plain(format_name)
    return data[: int(len(data) * part)]


def without_the_last(format_name: str, count: int) -> bytes:
    return plain(format_name)[:-count]


GOOD: Mapping[str, Case] = {
    **{f"plain {name}": Case(partial(plain, name), MADE) for name in ("PNG", "JPEG", "WEBP")},
    **{f"turned {number}": Case(partial(turned, number), MADE) for number in range(1, 10)},
    "lossless WebP": Case(partial(plain, "WEBP", lossless=True), MADE),
    "WebP with alpha": Case(lambda: saved(with_alpha(), "WEBP"), MADE),
    "PNG with alpha": Case(lambda: saved(with_alpha(), "PNG"), MADE),
    "grey PNG with alpha": Case(lambda: saved(with_alpha().convert("LA"), "PNG"), MADE),
    "progressive JPEG": Case(partial(plain, "JPEG", progressive=True), MADE),
    "grey JPEG": Case(partial(plain, "JPEG", mode="L"), MADE),
    "CMYK JPEG": Case(partial(plain, "JPEG", mode="CMYK"), MADE),
    "JPEG of two pictures": Case(lambda: saved(photo(), "MPO", save_all=True, append_images=[photo()]), MADE),
    "16-bit grey PNG": Case(lambda: saved(Image.new("I;16", (64, 64), 0x8000), "PNG"), MADE),
    "16-bit PNG": Case(deep_rgb, MADE),
    "black and white PNG": Case(partial(plain, "PNG", mode="1"), MADE),
    "palette PNG": Case(palette, MADE),
    "palette PNG with transparency": Case(partial(palette, transparency=3), MADE),
    "PNG with a transparent colour": Case(partial(flat, "PNG", 64, 64, transparency=(0, 0, 0)), MADE),
    "animated WebP": Case(partial(animated, "WEBP"), MADE),
    "animated PNG": Case(partial(animated, "PNG"), MADE),
    "one pixel": Case(partial(flat, "PNG", 1, 1), MADE),
    "a line": Case(partial(flat, "PNG", 1, 20_000), MADE),
    "a level line": Case(partial(flat, "PNG", 20_000, 1), MADE),
    "25 megapixel PNG": Case(partial(flat, "PNG", 5000, 5000, "RGBA"), MADE),
    "25 megapixel JPEG": Case(partial(plain, "JPEG", 5000, 5000), MADE),
    "25 megapixel JPEG, 4:4:4": Case(partial(plain, "JPEG", 5000, 5000, subsampling=0), MADE),
    "25 megapixel CMYK JPEG": Case(partial(plain, "JPEG", 5000, 5000, "CMYK"), MADE),
    "16 megapixel progressive JPEG, 4:4:4": Case(
        partial(plain, "JPEG", 4000, 4000, progressive=True, subsampling=0), MADE
    ),
    "25 megapixel progressive JPEG": Case(partial(plain, "JPEG", 5000, 5000, progressive=True), MADE),
    "7 megapixel WebP": Case(partial(plain, "WEBP", 2800, 2500, method=0), MADE),
    "7 megapixel lossless WebP": Case(partial(flat, "WEBP", 2800, 2500, lossless=True, method=0), MADE),
    "sRGB profile": Case(lambda: plain("JPEG", icc_profile=profile()), MADE),
    "sRGB profile and alpha": Case(lambda: saved(with_alpha(), "PNG", icc_profile=profile()), MADE),
    "profile of another kind": Case(lambda: plain("JPEG", mode="L", icc_profile=profile()), MADE),
    "broken profile": Case(partial(plain, "PNG", icc_profile=b"no profile at all" * 20), MADE),
    "broken EXIF": Case(partial(plain, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + bytes(40)), MADE),
}

TELLING: Mapping[str, Case] = {
    "JPEG with GPS": Case(lambda: plain("JPEG", exif=located(), comment=CANARY, xmp=xmp()), MADE),
    "PNG with GPS": Case(noted_png, MADE),
    "WebP with GPS": Case(lambda: plain("WEBP", exif=located(), xmp=xmp(), icc_profile=profile()), MADE),
    "JPEG with HTML at its end": Case(lambda: plain("JPEG") + SCRIPT, MADE),
    "JPEG with HTML as its comment": Case(partial(plain, "JPEG", comment=SCRIPT), MADE),
    "PNG with an archive at its end": Case(lambda: plain("PNG") + archive(), MADE),
    "PNG with a program as its text": Case(lambda: png(8, 8, chunk(b"tEXt", b"Comment\x00" + SCRIPT)), MADE),
    "WebP with HTML at its end": Case(lambda: plain("WEBP") + SCRIPT, MADE + INVALID),
}
"""With something in them besides pixels: CANARY."""

BOMBS: Mapping[str, Case] = {
    "13,000 x 13,000 PNG in 20 KB": Case(partial(flat, "PNG", 13_000, 13_000, "1"), TOO_LARGE),
    "more than 25 megapixels": Case(partial(flat, "PNG", 5001, 5000, "1"), TOO_LARGE),
    "PNG with the largest head": Case(partial(huge_png, 2**31 - 1, 2**31 - 1), TOO_LARGE),
    "PNG with a wide head": Case(partial(huge_png, 2**31 - 1, 1), TOO_LARGE),
    "PNG of no size": Case(partial(huge_png, 0, 0), INVALID),
    "JPEG with a large head": Case(huge_jpeg, TOO_LARGE),
    "JPEG of one layer a scan": Case(one_layer_a_scan, TOO_LARGE),
    "25 megapixel progressive JPEG, 4:4:4": Case(
        partial(flat, "JPEG", 5000, 5000, progressive=True, subsampling=0), TOO_LARGE
    ),
    "25 megapixel progressive CMYK JPEG": Case(partial(flat, "JPEG", 5000, 5000, "CMYK", progressive=True), TOO_LARGE),
    "WebP with a large canvas": Case(huge_webp_canvas, TOO_LARGE),
    "lossless WebP with a large head": Case(huge_webp_lossless, TOO_LARGE),
    "25 megapixel WebP": Case(partial(flat, "WEBP", 5000, 5000, method=0), TOO_LARGE),
    "zTXt of 100 MB": Case(partial(text_bomb, b"zTXt", b"a\x00\x00", 100), INVALID),
    "iTXt of 100 MB": Case(partial(text_bomb, b"iTXt", b"a\x00\x01\x00\x00\x00", 100), INVALID),
    "iCCP of 100 MB": Case(partial(text_bomb, b"iCCP", b"a\x00\x00", 100), INVALID),
    "a hundred zTXt of 1 MB": Case(partial(text_bomb, b"zTXt", b"a\x00\x00", 1, 100), INVALID),
    "more pixels than the head tells": Case(lambda: png(8, 8, pixels=bytes(100 * 2**20)), MADE + INVALID),
}

STRANGERS: Mapping[str, Case] = {
    "nothing": Case(lambda: b"", UNSUPPORTED),
    "zeros": Case(lambda: bytes(1000), UNSUPPORTED),
    "text": Case(lambda: b"this is no picture", UNSUPPORTED),
    "SVG": Case(lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", UNSUPPORTED),
    "HTML": Case(lambda: SCRIPT, UNSUPPORTED),
    "PDF": Case(partial(plain, "PDF"), UNSUPPORTED),
    "archive": Case(archive, UNSUPPORTED),
    **{
        name: Case(partial(plain, name), UNSUPPORTED)
        for name in ("GIF", "TIFF", "BMP", "ICO", "AVIF", "JPEG2000", "TGA", "PPM", "EPS", "PCX", "DDS")
    },
    "GIF that is a script": Case(lambda: b"GIF89a/*" + plain("GIF")[8:] + b"*/=1;" + SCRIPT, UNSUPPORTED),
    "HTML before a JPEG": Case(lambda: SCRIPT + plain("JPEG"), UNSUPPORTED),
    "sound": Case(lambda: b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40), UNSUPPORTED),
}

BROKEN: Mapping[str, Case] = {
    "a GIF that begins like a PNG": Case(lambda: PNG_MAGIC + plain("GIF"), INVALID),
    "a PNG that begins like a JPEG": Case(lambda: b"\xff\xd8\xff" + plain("PNG"), INVALID),
    "a script that begins like a JPEG": Case(lambda: b"\xff\xd8\xff\xe0" + SCRIPT, INVALID),
    "a WebP of something else": Case(lambda: riff(b"VP8 ", noise(500)), INVALID),
    "PNG with a wrong checksum": Case(lambda: plain("PNG").replace(b"IHDR\x00\x00\x02", b"IHDR\x00\x00\x03"), INVALID),
    "PNG without pixels": Case(lambda: png(8, 8, pixels=b""), INVALID),
    "JPEG magic alone": Case(lambda: b"\xff\xd8\xff", INVALID),
    "PNG magic alone": Case(lambda: PNG_MAGIC, INVALID),
    **{
        f"{name} cut at {percent} %": Case(partial(cut, name, percent / 100), INVALID)
        for name in ("PNG", "JPEG", "WEBP")
        for percent in (1, 5, 20, 50, 80, 95)
    },
    **{
        # What an encoder puts last is not needed by every decoder.
        f"{name} without its last {count} bytes": Case(partial(without_the_last, name, count), MADE + INVALID)
        for name in ("PNG", "JPEG", "WEBP")
        for count in (1, 2, 12)
    },
}

CORPUS: Mapping[str, Case] = {**GOOD, **TELLING, **BOMBS, **STRANGERS, **BROKEN}
