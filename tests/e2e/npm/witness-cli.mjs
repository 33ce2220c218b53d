// The foreign witnesses for test scripts.
// usage: node witness-cli.mjs cose FILE PUBLIC-KEY-HEX [AAD-HEX [DETACHED-PAYLOAD-HEX]]
//                             cbor FILE            deterministic? prints it as JSON-like text
//                             root HEX...          RFC 9162 root over these leaf data
//                             qr-read LABEL.png    prints the label's text
//                             qr-make TEXT OUT.png
// Exit code 0 when the witness agrees, 3 when it does not, 1 when something else is wrong.
import { readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import jsqr from 'jsqr';
import { PNG } from 'pngjs';
import qrcode from 'qrcode';
import { cborDecode, cborEncode, coseVerify, fromHex, same, toHex, treeRoot } from './witness.mjs';

const commands = {
    async cose(file, publicKey, aad = '', detached) {
        const options = { externalAAD: fromHex(aad) };
        if (detached !== undefined) options.detachedPayload = fromHex(detached);
        return coseVerify(readFileSync(file), fromHex(publicKey), options);
    },
    async cbor(file) {
        const bytes = readFileSync(file);
        const value = cborDecode(bytes);
        console.log(inspect(value, { depth: 10, maxArrayLength: 100 }));
        return same(cborEncode(value), bytes);
    },
    async root(...leaves) {
        console.log(toHex(treeRoot(leaves.map(fromHex))));
        return true;
    },
    async 'qr-read'(file) {
        const image = PNG.sync.read(readFileSync(file));
        const found = jsqr(new Uint8ClampedArray(image.data), image.width, image.height);
        if (found) console.log(found.data);
        return found !== null;
    },
    async 'qr-make'(text, file) {
        writeFileSync(file, await qrcode.toBuffer(text, { type: 'png', errorCorrectionLevel: 'M', scale: 6 }));
        return true;
    },
};

const [name, ...rest] = process.argv.slice(2);
if (!Object.hasOwn(commands, name ?? '') || rest.length === 0) {
    console.error(`usage: node witness-cli.mjs ${Object.keys(commands).join('|')} ...`);
    process.exit(1);
}
try {
    process.exitCode = (await commands[name](...rest)) ? 0 : 3;
} catch (error) {
    console.error(`${name}: ${error.message}`);
    process.exitCode = 1;
}
