// Reads a running node's whole ledger over HTTP and checks it with foreign implementations alone: deterministic
// CBOR, the chain of headers, every statement's signature, the tree's root at every block (RFC 9162), seals, and
// a receipt (RFC 9942) for every leaf. Needs the identity from elsewhere. Exit code 0 when all of it holds.
// usage: node witness-node.mjs URL IDENTITY GENESIS
import { readFileSync } from 'node:fs';
import {
    cborDecode, cborEncode, coseParts, coseVerify, pathRoot, same, sha256, toHex, treeRoot,
} from './witness.mjs';

const [url, identityFile, genesisFile] = process.argv.slice(2);
let good = 0;
let bad = 0;
function check(what, holds) {
    if (holds) good++;
    else bad++, console.error(`disagree: ${what}`);
}
async function get(path, type = 'application/cbor') {
    const answer = await fetch(url + path, { headers: { accept: type } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
}
function canonical(what, bytes) {
    const value = cborDecode(bytes);
    check(`${what} is deterministic CBOR`, same(cborEncode(value), bytes));
    return value;
}
const fields = ([, , ledger, height, prev, , , size, tree, , , set]) => ({ ledger, height, prev, size, tree, set });

// ---- the identity: the ledger's id is the hash of the genesis header with null in its place
const [, genesisBytes, setBytes] = canonical('identity', readFileSync(identityFile));
const genesis = fields(cborDecode(genesisBytes));
const nameless = cborDecode(genesisBytes);
nameless[2] = null;
check('ledger id', same(sha256(cborEncode(nameless)), genesis.ledger));
check('authority set', same(sha256(setBytes), genesis.set));
check('identity of the node', same(await get('/v1/identity'), readFileSync(identityFile)));
const authorities = new Map(cborDecode(setBytes).map(([kid, key]) => [toHex(kid), key.get(-2)]));
const quorum = Math.floor((2 * authorities.size) / 3) + 1;

// ---- keys: those of the genesis file, then those that enrolments bring
const keys = new Map();
const [, genesisHeader, entries] = canonical('genesis', readFileSync(genesisFile));
check('genesis file', same(genesisHeader, genesisBytes));
for (const [keyBytes, valueBytes] of entries) {
    const [table, kid] = cborDecode(keyBytes);
    if (table === 2) keys.set(toHex(kid), cborDecode(valueBytes)[0]);
}

async function statementHolds(bytes, leaf) {
    const { kid, payload, protectedMap } = coseParts(bytes);
    const key = keys.get(toHex(kid));
    check(`key of leaf ${leaf}`, key !== undefined);
    const externalAAD = protectedMap.has(15) ? new Uint8Array() : genesis.ledger;
    check(`signature of leaf ${leaf}`, await coseVerify(bytes, key, { externalAAD }));
    check(`leaf ${leaf} for a twin`, !(await coseVerify(bytes, key, { externalAAD: sha256(genesis.ledger) })));
    const map = canonical(`payload of leaf ${leaf}`, payload);
    canonical(`leaf ${leaf}`, bytes);
    if (map.get(0) === 5) {
        const [coseKey] = cborDecode(coseParts(map.get(5)).payload);
        keys.set(toHex(coseParts(map.get(5)).kid), coseKey.get(-2));
    }
}

async function sealsHold(what, seals, header, detachedPayload) {
    const signers = new Set();
    const rounds = new Set();
    for (const seal of seals) {
        const { kid, protectedMap } = coseParts(seal);
        const [height, round, size, block] = protectedMap.get(-65537);
        const options = { externalAAD: new Uint8Array() };
        if (detachedPayload) options.detachedPayload = detachedPayload;
        check(`${what}: seal`, authorities.has(toHex(kid)) && height === header.height && size === header.size &&
            same(block, header.hash) && (await coseVerify(seal, authorities.get(toHex(kid)), options)));
        signers.add(toHex(kid));
        rounds.add(round);
    }
    check(`${what}: quorum of one round`, signers.size >= quorum && rounds.size === 1);
}

// ---- block by block
const [headBytes] = canonical('head', await get('/v1/head'));
const head = fields(cborDecode(headBytes));
const leaves = [];
let before = { ...genesis, hash: sha256(genesisBytes) };
for (let height = 1; height <= head.height; height++) {
    const [headerBytes, statements] = canonical(`block ${height}`, await get(`/v1/blocks/${height}`));
    const header = { ...fields(cborDecode(headerBytes)), hash: sha256(headerBytes) };
    check(`block ${height} follows`, same(header.prev, before.hash) && header.height === height);
    for (const statement of statements) {
        await statementHolds(statement, leaves.length);
        leaves.push(sha256(statement));
    }
    check(`tree of block ${height}`, header.size === leaves.length && same(treeRoot(leaves), header.tree));
    const [finalHeader, seals] = canonical(`final ${height}`, await get(`/v1/blocks/${height}/final`));
    check(`final ${height} is of this block`, same(finalHeader, headerBytes));
    await sealsHold(`block ${height}`, seals, header);
    before = header;
}
check('head', same(before.hash, sha256(headBytes)));

// ---- a receipt for every leaf, and the statement by its hash
for (const [leaf, hash] of leaves.entries()) {
    const receipts = canonical(`receipts of leaf ${leaf}`, await get(`/v1/receipts/${leaf}`));
    let sealed;
    for (const receipt of receipts) {
        const { protectedMap, unprotectedMap, payload } = coseParts(receipt);
        const [size, index, path] = cborDecode(unprotectedMap.get(396).get(-1)[0]);
        const [height, , sealedSize, block] = protectedMap.get(-65537);
        const root = pathRoot(hash, index, size, path);
        check(`receipt of leaf ${leaf}: path`, payload === null && index === leaf && size === sealedSize && root !== null);
        check(`receipt of leaf ${leaf}: another leaf`, !same(pathRoot(sha256(hash), index, size, path) ?? [], root ?? []));
        sealed = { header: { height, size, hash: block }, root };
    }
    await sealsHold(`receipt of leaf ${leaf}`, receipts, sealed.header, sealed.root);
    check(`statement ${leaf}`, same(sha256(await get(`/v1/statements/${toHex(hash)}`)), hash));
}
check('there is something to check', leaves.length > 0);
console.log(`${leaves.length} leaves in ${head.height} blocks: ${good} agree, ${bad} disagree`);
process.exit(bad === 0 ? 0 : 1);
