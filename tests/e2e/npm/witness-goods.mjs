// Do the foreign implementations read in the statements about goods what they say? Exit code 0 when they do.
// usage: node witness-goods.mjs VECTORS.json
import { readFileSync } from 'node:fs';
import { asMap, cborDecode, cborEncode, coseParts, fromHex, same, toHex } from './witness.mjs';

const vectors = JSON.parse(readFileSync(process.argv[2], 'utf8'));
let good = 0;
let bad = 0;

function check(what, holds) {
    if (holds) good++;
    else bad++, console.error(`disagree: ${what}`);
}

// As tests/vectors/make_goods.py has it: bytes as "h'…'", the keys of maps as texts.
function inWords(value) {
    if (value instanceof Uint8Array) return `h'${toHex(value)}'`;
    if (Array.isArray(value)) return value.map(inWords);
    if (typeof value === 'bigint') return Number(value);
    if (value !== null && typeof value === 'object')
        return Object.fromEntries([...asMap(value)].map(([key, one]) => [String(key), inWords(one)]));
    return value;
}

// Keys in one order, whatever the map's was.
const sorted = (map) => JSON.stringify(map, Object.keys(map).sort());
const alike = (a, b) => sorted(Object.fromEntries(Object.entries(a).map(([k, v]) => [k, JSON.stringify(v)]))) ===
    sorted(Object.fromEntries(Object.entries(b).map(([k, v]) => [k, JSON.stringify(v)])));

const kinds = new Set();
for (const [name, { hex, says }] of Object.entries(vectors)) {
    const bytes = fromHex(hex);
    const { payload } = coseParts(bytes);
    const map = asMap(cborDecode(payload));
    kinds.add(Number(map.get(0)));
    check(`canonical CBOR of ${name}`, same(cborEncode(cborDecode(bytes)), bytes));
    check(`canonical payload of ${name}`, same(cborEncode(cborDecode(payload)), payload));
    check(`what ${name} says`, alike(inWords(map), says));
}
for (let kind = 20; kind <= 28; kind++) check(`a statement of kind ${kind}`, kinds.has(kind));
console.log(`${good} agreements, ${bad} disagreements`);
process.exitCode = bad === 0 ? 0 : 1;
