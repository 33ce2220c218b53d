// What the foreign implementations are asked, in a few words: the one file that knows their interfaces.
// COSE by @auth0/cose, deterministic CBOR by cbor2, SHA-256 by node; the tree of RFC 9162 is written out here.
import { createHash, createPublicKey } from 'node:crypto';
import { Sign1 } from '@auth0/cose';
import { decode, encode, Tag, cdeDecodeOptions, cdeEncodeOptions } from 'cbor2';

export const fromHex = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
export const toHex = (bytes) => Buffer.from(bytes).toString('hex');
export const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
export const sha256 = (...parts) => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
};

// One item of deterministic CBOR (RFC 8949 section 4.2.1), or an exception.
export const cborDecode = (bytes) => decode(new Uint8Array(bytes), cdeDecodeOptions);
export const cborEncode = (value) => new Uint8Array(encode(value, cdeEncodeOptions));

// The parts of a COSE_Sign1: { protectedBytes, protectedMap, unprotectedMap, payload, kid }.
export function coseParts(bytes) {
    const item = cborDecode(bytes);
    if (!(item instanceof Tag) || Number(item.tag) !== 18 || item.contents.length !== 4)
        throw new Error('not a COSE_Sign1 with tag 18');
    const [protectedBytes, unprotected, payload] = item.contents;
    const protectedMap = asMap(cborDecode(protectedBytes));
    return { protectedBytes, protectedMap, unprotectedMap: asMap(unprotected), payload, kid: protectedMap.get(4) };
}

// cbor2 gives an empty or text-keyed map as an object.
export const asMap = (value) => (value instanceof Map ? value : new Map(Object.entries(value)));

// True when the signature holds. publicKey: 32 bytes; detachedPayload only where the payload is null.
export async function coseVerify(bytes, publicKey, { externalAAD, detachedPayload } = {}) {
    const key = createPublicKey({
        format: 'jwk',
        key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
    });
    try {
        await Sign1.decode(Buffer.from(bytes)).verify(key, { externalAAD, detachedPayload });
        return true;
    } catch (error) {
        if (error.code === 'ERR_COSE_SIGNATURE_VERIFICATION_FAILED') return false;
        throw error;
    }
}

// RFC 9162 section 2.1.1: the root over leaf data; of no leaves, the hash of nothing.
export const leafHash = (data) => sha256(Uint8Array.of(0), data);
export const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);
export function treeRoot(leaves) {
    if (leaves.length === 0) return sha256();
    if (leaves.length === 1) return leafHash(leaves[0]);
    let split = 1;
    while (split * 2 < leaves.length) split *= 2;
    return nodeHash(treeRoot(leaves.slice(0, split)), treeRoot(leaves.slice(split)));
}

// RFC 9162 section 2.1.3.2: the root that an inclusion path leads to, or null when it does not fit.
export function pathRoot(data, index, size, path) {
    if (index >= size) return null;
    let hash = leafHash(data);
    let at = index;
    let last = size - 1;
    for (const sibling of path) {
        if (last === 0) return null;
        if (at % 2 === 1 || at === last) {
            hash = nodeHash(sibling, hash);
            while (at % 2 === 0 && at !== 0) {
                at = Math.floor(at / 2);
                last = Math.floor(last / 2);
            }
        } else {
            hash = nodeHash(hash, sibling);
        }
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
    }
    return last === 0 ? hash : null;
}
