import type { Decoded } from './codecs/decoded.ts';
import type { PixelFormat } from './pixel_format.ts';
import { clipBits, unpackFrame } from './unpack.ts';

/**
 * The stored values of frame `index`, from the bytes that `FrameReader.read` gives. A codec is loaded when the first frame
 * needs it. Throws an `Error` that says what is wrong.
 */
export async function decodeFrame(bytes: Uint8Array, format: PixelFormat, index: number): Promise<Decoded> {
  const { photometric, syntax } = format;
  switch (syntax.packing) {
    case 'native':
      return { data: unpackFrame(bytes, format, index), photometric };
    case 'rle': {
      const { decodeRle } = await import('./codecs/rle.ts');
      const data = decodeRle(bytes, format);
      clipBits(data, format);
      return { data, photometric };
    }
    case 'jpeg': {
      const { decodeJpegFrame } = await import('./codecs/jpeg.ts');
      return decodeJpegFrame(bytes, format);
    }
    case 'jpeg-ls': {
      const { decodeJpegLs } = await import('./codecs/jpeg_ls.ts');
      return decodeJpegLs(bytes, format);
    }
    case 'jpeg-2000': {
      const { decodeJpeg2000 } = await import('./codecs/jpeg_2000.ts');
      return decodeJpeg2000(bytes, format);
    }
  }
}
