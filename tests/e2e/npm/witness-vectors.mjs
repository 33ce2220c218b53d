// Do the foreign implementations agree with the vectors of the wire? Exit code 0 when they do.
// usage: node witness-vectors.mjs VECTORS.json
import { readFileSync } from 'node:fs';
import {
    cborDecode, cborEncode, coseParts, coseVerify, fromHex, nodeHash, pathRoot, same, sha256, toHex, treeRoot,
} from './witness.mjs';

const vectors = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const bytesOf = (name) => fromHex(vectors[name].hex);
let good = 0;
let bad = 0;

function check(what, holds, found = '') {
    if (holds) {
        good++;
    } else {
        bad++;
        console.error(`disagree: ${what} ${found}`);
    }
}

// ---- header fields, by their place in the array (DESIGN: section 5)
function header(bytes) {
    const [, , ledger, height, prev, time, , size, tree, outcomes] = cborDecode(bytes);
    return { ledger, height, prev, time, size, tree, outcomes, hash: sha256(bytes) };
}
const genesis = header(bytesOf('genesis header'));
const headers = [genesis, ...[1, 2, 3].map((n) => header(bytesOf(`header ${n}`)))];
const four = header(bytesOf('four: header 2'));

// ---- keys by kid: the named ones, and those of the authority sets
const keys = new Map();
for (const [name, key] of Object.entries(vectors)) {
    if (!key.cose_key) continue;
    check(`kid of ${name}`, key.kid === toHex(sha256(fromHex(key.cose_key))).slice(0, 16));
    keys.set(key.kid, fromHex(key.pub));
}
for (const set of ['authority set', 'four: authority set'])
    for (const [kid, coseKey] of cborDecode(bytesOf(set))) keys.set(toHex(kid), coseKey.get(-2));

// ---- deterministic CBOR: decoded, encoded again, the same bytes; what breaks determinism is refused
const notCbor = /^(ledger id|set hash|state root|statement hash|four: tree root)/;
for (const [name, vector] of Object.entries(vectors)) {
    if (!vector.hex || notCbor.test(name)) continue;
    const bytes = fromHex(vector.hex);
    try {
        check(`canonical CBOR of ${name}`, same(cborEncode(cborDecode(bytes)), bytes));
    } catch (error) {
        check(`canonical CBOR of ${name}`, false, error.message);
    }
}
for (const hex of ['9f01ff', '1801', 'a201010101', 'a202010101', '0000', '1900ff', '5f4101ff', '61ff']) {
    let refused = false;
    try {
        cborDecode(fromHex(hex));
    } catch {
        refused = true;
    }
    check(`refusal of ${hex}`, refused && vectors['must refuse (CBOR)'].includes(hex));
}

// ---- COSE signatures. Statements are bound to their ledger, everything else to nothing.
async function signature(name, bytes, options, ledger) {
    const { kid, protectedMap } = coseParts(bytes);
    const key = keys.get(toHex(kid));
    // The vectors hold every public key but that of the ledger of four's only statement.
    if (!key) return check(`key of ${name}`, name === 'four: statement');
    const native = protectedMap.size === 2;
    const aad = { ...options, externalAAD: native ? ledger : new Uint8Array() };
    const twin = { ...options, externalAAD: native ? sha256(ledger) : Uint8Array.of(0) };
    check(`signature of ${name}`, await coseVerify(bytes, key, aad));
    check(`signature of ${name} for another ledger`, !(await coseVerify(bytes, key, twin)));
    const flipped = bytes.slice();
    flipped[flipped.length - 1] ^= 1;
    check(`altered signature of ${name}`, !(await coseVerify(flipped, key, aad)));
}
for (const [name, vector] of Object.entries(vectors)) {
    if (!vector.hex?.startsWith('d284') || name.endsWith('receipt')) continue;
    await signature(name, fromHex(vector.hex), {}, name.startsWith('four') ? four.ledger : genesis.ledger);
}
for (const [i, hex] of vectors['four: seals 2, round 1'].entries())
    await signature(`four: seal ${i}`, fromHex(hex), {}, four.ledger);

// ---- receipts: an inclusion path to the tree root that the seal signs
async function receipt(name, bytes, leaf, sealed) {
    const { unprotectedMap, payload } = coseParts(bytes);
    const proof = unprotectedMap.get(396).get(-1);
    const [size, index, path] = cborDecode(proof[0]);
    check(`${name}: detached`, payload === null && proof.length === 1 && size === sealed.size);
    check(`${name}: path`, same(pathRoot(leaf, index, size, path) ?? [], sealed.tree));
    await signature(name, bytes, { detachedPayload: sealed.tree }, sealed.ledger);
    return { index, path };
}
const reading = sha256(bytesOf('reading 12 samples T+H anchor')); // the first leaf of block 2
const proven = await receipt('receipt', bytesOf('receipt'), reading, headers[3]);
check('receipt names its leaf', proven.index === headers[1].size);
for (const [i, hex] of vectors['four: receipts'].entries())
    await receipt(`four: receipt ${i}`, fromHex(hex), sha256(bytesOf('four: statement')), four);

// ---- the tree of every block (RFC 9162), as far as the vectors hold its leaves
const hashesOf = (...names) => names.map((name) => sha256(bytesOf(name)));
check('tree of genesis', same(treeRoot([]), genesis.tree) && genesis.size === 0);
const second = treeRoot(hashesOf('reading 12 samples T+H anchor', 'reading 1 sample T',
    'reading irregular with nulls', 'custody offer'));
check('tree of block 2', same(nodeHash(headers[1].tree, second), headers[2].tree) && headers[2].size === 12);
const [blockHeader, statements] = cborDecode(bytesOf('block 3'));
check('header in block 3', same(sha256(blockHeader), headers[3].hash));
const third = treeRoot(statements.map((statement) => sha256(statement)));
check('tree of block 3', same(nodeHash(headers[1].tree, nodeHash(second, third)), headers[3].tree) && headers[3].size === 15);

// ---- chain of headers, ledger id, acks
for (let i = 1; i < headers.length; i++)
    check(`header ${i} follows`, same(headers[i].prev, headers[i - 1].hash) && headers[i].height === i);
const nameless = cborDecode(bytesOf('genesis header'));
nameless[2] = null;
check('ledger id', same(sha256(cborEncode(nameless)), genesis.ledger));
for (const name of ['ack', 'ack with a gap', 'four: ack']) {
    const [, ackHeader, seals, summary, size, index, path] = cborDecode(bytesOf(name));
    const sealed = header(ackHeader);
    check(`${name}: path`, same(pathRoot(summary, index, size, path) ?? [], sealed.outcomes));
    for (const seal of seals) await signature(`${name}: seal`, seal, {}, sealed.ledger);
}

console.log(`${good} agree, ${bad} disagree`);
process.exit(bad === 0 && good > 0 ? 0 : 1);
