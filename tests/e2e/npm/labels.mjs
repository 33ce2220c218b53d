// Foreign witnesses for labels. `read FILE.png` prints what jsQR sees in it; `write FILE.png TEXT` makes
// a code with the qrcode package.
import { readFileSync } from 'node:fs';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import QRCode from 'qrcode';

const [verb, file, text] = process.argv.slice(2);
if (verb === 'read') {
    const png = PNG.sync.read(readFileSync(file));
    const code = jsQR(new Uint8ClampedArray(png.data), png.width, png.height);
    if (code === null) {
        console.error(`${file}: jsQR sees no code`);
        process.exit(1);
    }
    process.stdout.write(`${code.data}\n`);
} else if (verb === 'write') {
    await QRCode.toFile(file, text, { errorCorrectionLevel: 'M' });
} else {
    console.error('usage: labels.mjs read FILE | write FILE TEXT');
    process.exit(2);
}
