// Makes and signs a statement without a line of Waybill's code: {1: -8, 4: kid}, a commissioning, Ed25519 by node.
// usage: node witness-statement.mjs KEY-FILE LEDGER-HEX SEQ PREV-HEX ASSET OUT   (prints the statement's hash)
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Tag } from 'cbor2';
import { cborEncode, fromHex, sha256, toHex } from './witness.mjs';

const [keyFile, ledger, seq, prev, asset, out] = process.argv.slice(2);
const text = readFileSync(keyFile, 'utf8');
const seed = fromHex(text.match(/^seed ([0-9a-f]{64})$/m)[1]);
const publicKey = fromHex(text.match(/^pub ([0-9a-f]{64})$/m)[1]);
const kid = sha256(cborEncode(new Map([[1, 1], [-1, 6], [-2, publicKey]]))).slice(0, 8);
const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]); // RFC 8410

const protectedBytes = cborEncode(new Map([[1, -8], [4, kid]]));
const payload = cborEncode(new Map([
    [0, 3], [1, Number(seq)], [2, fromHex(prev).slice(0, 16)], [3, Date.now()], [5, [asset]],
]));
const toSign = cborEncode(['Signature1', protectedBytes, fromHex(ledger), payload]);
const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const signature = new Uint8Array(sign(null, Buffer.from(toSign), key));
const statement = cborEncode(new Tag(18, [protectedBytes, new Map(), payload, signature]));
writeFileSync(out, statement);
console.log(toHex(sha256(statement)));
