// Reads QR codes as a camera does: by their pixels.

import readQrCode from "jsqr";

const SCALE = 4;

/** The text of the QR code on a page, as a camera reads it. */
export function scan(text: string): string {
  const [, side = ""] = /viewBox="-4 -4 (\d+) /.exec(text) ?? [];
  const size = Number(side);
  const pixels = new Uint8ClampedArray((size * SCALE) ** 2 * 4).fill(255);
  for (const [, x, y, width] of text.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let row = (Number(y) + 4) * SCALE; row < (Number(y) + 5) * SCALE; row += 1) {
      const start = row * size * SCALE + (Number(x) + 4) * SCALE;
      for (let pixel = start; pixel < start + Number(width) * SCALE; pixel += 1) {
        pixels.fill(0, pixel * 4, pixel * 4 + 3);
      }
    }
  }
  return readQrCode.default(pixels, size * SCALE, size * SCALE)?.data ?? "";
}
