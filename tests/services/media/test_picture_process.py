"""The picture process: what it makes of good pictures and of bad ones, and what it cannot do."""

import io

import pytest
from PIL import Image, ImageCms

from services.media.picture_process import SIDES
from tests.services.media.corpus import CANARY, CORPUS, GOOD, plain, saved
from tests.services.media.measured import decode

MOST_BYTES = 150_000_000


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("name", CORPUS)
def test_a_picture_is_made_or_refused_within_its_memory(name: str) -> None:
    case = CORPUS[name]
    measured = decode(case.make())
    assert measured.letter in case.outcomes
    assert measured.return_code == 0
    assert measured.peak_bytes <= MOST_BYTES
    if measured.letter == "M":
        assert list(measured.squares) == list(SIDES)
        for side, square in measured.squares.items():
            picture = opened(square)
            assert (picture.format, picture.size) == ("WEBP", (side, side))
            assert CANARY.encode() not in square
            assert {"exif", "xmp", "icc_profile", "comment"}.isdisjoint(picture.info)
            assert not getattr(picture, "is_animated", False)
    else:
        assert len(measured.answer) == 1


def square_of(data: bytes) -> Image.Image:
    return opened(decode(data).squares[512]).convert("RGBA")


def colour(picture: Image.Image, across: float = 0.5, down: float = 0.5) -> tuple[int, ...]:
    found = picture.getpixel((int(across * 511), int(down * 511)))
    assert isinstance(found, tuple)
    return tuple(int(value) for value in found)


def alike(one: tuple[int, ...], other: tuple[int, ...], most: int = 12) -> bool:
    return all(abs(a - b) <= most for a, b in zip(one, other, strict=True))


RED, GREEN, BLUE, WHITE = (255, 0, 0, 255), (0, 128, 0, 255), (0, 0, 255, 255), (255, 255, 255, 255)


def test_the_middle_is_kept() -> None:
    wide = Image.new("RGB", (1200, 400), "red")
    wide.paste("blue", (400, 0, 800, 400))
    square = square_of(saved(wide, "PNG"))
    assert all(alike(colour(square, across), BLUE) for across in (0.02, 0.5, 0.98))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_stands_upright(orientation: int) -> None:
    """Red at the top left when it is looked at as its EXIF says."""
    upright = Image.new("RGB", (600, 600), "white")
    upright.paste("red", (0, 0, 200, 200))
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright if undo is None else upright.transpose(undo)
    square = square_of(saved(stored, "JPEG", exif=exif, quality=95))
    assert alike(colour(square, 0.1, 0.1), RED)
    assert all(alike(colour(square, *place), WHITE) for place in ((0.9, 0.1), (0.1, 0.9), (0.9, 0.9)))


@pytest.mark.parametrize("name", ["animated WebP", "animated PNG"])
def test_the_first_frame_is_shown(name: str) -> None:
    assert alike(colour(square_of(GOOD[name].make())), RED)


@pytest.mark.parametrize("side", [500, 2100, 4999])
def test_no_part_is_lost_between_bands(side: int) -> None:
    """Of a large picture, which is scaled down band after band, each line stays where it was."""
    gradient = Image.linear_gradient("L")
    picture = gradient.resize((side, side)).convert("RGB")  # pyright: ignore[reportUnknownMemberType]
    square = square_of(saved(picture, "PNG"))
    for down in (0.0, 0.25, 0.5, 0.75, 1.0):
        grey = int(down * 255)
        assert alike(colour(square, 0.5, down), (grey, grey, grey, 255), 4)


def test_sixteen_bits_are_scaled_and_not_cut() -> None:
    assert alike(colour(square_of(GOOD["16-bit grey PNG"].make())), (128, 128, 128, 255), 2)
    assert alike(colour(square_of(GOOD["16-bit PNG"].make())), (255, 128, 0, 255))


def test_transparency_stays() -> None:
    clear = square_of(GOOD["PNG with a transparent colour"].make())
    assert colour(clear)[3] == 0
    half = square_of(GOOD["PNG with alpha"].make())
    assert colour(half, 0.5, 0.02)[3] < 20
    assert colour(half, 0.5, 0.98)[3] > 235


def test_colours_are_converted_by_their_profile() -> None:
    """A profile under which the numbers mean another colour than in sRGB."""
    linear = ImageCms.createProfile("LAB")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    lab = ImageCms.ImageCmsProfile(linear).tobytes()  # pyright: ignore[reportUnknownArgumentType]
    unknown = square_of(plain("PNG", icc_profile=lab))
    assert alike(colour(unknown), colour(square_of(plain("PNG"))), 2)
    cmyk = square_of(saved(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), "JPEG", quality=95))
    assert alike(colour(cmyk), RED)
