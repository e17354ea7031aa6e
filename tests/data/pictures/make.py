"""Makes the pictures beside it: Pillow 13 and ImageMagick 6.9. The tests know the formulas of `colour` and `grey`."""

import subprocess

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 5, 7
y, x = np.mgrid[:HEIGHT, :WIDTH]
colour = np.stack([30 * x + 10, 50 * y + 5, 20 * x + 20 * y], axis=2).astype(np.uint8)
grey = (30 * x + 12 * y).astype(np.uint8)
rgb, luma = Image.fromarray(colour), Image.fromarray(grey)
bits = Image.fromarray(((x + y) % 3 == 0).astype(np.uint8) * 255).convert("1")
index = Image.fromarray((x % 4).astype(np.uint8), mode="P")
index.putpalette([9, 8, 7, 90, 80, 70, 0, 255, 0, 255, 0, 255])
clear = np.dstack([colour, np.where(x == 0, 51, 255).astype(np.uint8)])
clear = Image.fromarray(clear, mode="RGBA")


def turned(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


rgb.save("colour.webp", lossless=True, exif=turned(6))
clear.save("clear.webp", lossless=True, exact=True)
rgb.save("lossy.webp", quality=80)
np.asarray(Image.open("lossy.webp").convert("RGB")).tofile("lossy.raw")
rgb.save("frames.webp", save_all=True, append_images=[rgb.rotate(180)], lossless=True)

rgb.save("colour.bmp")
luma.save("grey.bmp")
bits.save("bits.bmp")
index.save("palette.bmp")

rgb.save("lzw.tif", compression="tiff_lzw")
luma.save("deflate.tif", compression="tiff_adobe_deflate")
bits.save("bits.tif", compression="packbits")
index.save("palette.tif")
clear.save("clear.tif")
rgb.convert("CMYK").save("print.tif")
Image.fromarray(grey.astype(np.uint16) * 256).save("deep.tif")
luma.save("pages.tif", save_all=True, append_images=[luma])
rgb.save("turned.tif", exif=turned(8))

index.save("palette.gif")
luma.save("grey.gif", optimize=False)
index.save("clear.gif", transparency=2)
index.save("frames.gif", save_all=True, append_images=[index.rotate(180)])

rgb.save("turned.jpg", quality=100, subsampling=0, exif=turned(6))


def magick(*words):
    subprocess.run(["convert", *words], check=True)


magick("palette.bmp", "-compress", "RLE", "bmp3:packed.bmp")
magick("clear.tif", "-define", "bmp:format=bmp4", "clear.bmp")
magick("lzw.tif", "-interlace", "plane", "-compress", "none", "-endian", "msb", "planes.tif")
magick("bits.bmp", "-monochrome", "-define", "quantum:polarity=min-is-white", "-compress", "none", "white.tif")
magick("lzw.tif", "-define", "tiff:tile-geometry=16x16", "-compress", "zip", "tiles.tif")
magick("palette.gif", "-interlace", "gif", "interlaced.gif")

# A plane of 47 x 61 that has every level, shrunk, and shrunk one way and enlarged the other: first its rows, then
# its columns. In one call Pillow may take columns first, and round otherwise.
y, x = np.mgrid[:47, :61]
plane = Image.fromarray(((7 * x * x + 13 * y * y + 5 * x * y) // 16 % 256).astype(np.uint8))
filter = Image.Resampling.BILINEAR
sizes = [(13, 9), (7, 50)]
resized = [plane.resize((width, 47), filter).resize((width, height), filter) for width, height in sizes]
np.concatenate([np.asarray(image).ravel() for image in resized]).tofile("resized.raw")
