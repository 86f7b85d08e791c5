import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A picture of squares of one colour each, as a PNG file (palette of 8 bits). */
export function squaresPng(colours: readonly (readonly string[])[], side: number): Buffer {
  const palette = [...new Set(colours.flat())];
  const places = new Map(palette.map((colour, i) => [colour, i]));
  const width = side * (colours[0]?.length ?? 0);
  const height = side * colours.length;
  const rows = colours.flatMap((row) => {
    // Every line of pixels begins with its filter, 0 for none.
    const line = Buffer.from([0, ...row.flatMap((colour) => new Array<number>(side).fill(places.get(colour)!))]);
    return new Array<Buffer>(side).fill(line);
  });
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('PLTE', Buffer.from(palette.map((colour) => colour.slice(1)).join(''), 'hex')),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
