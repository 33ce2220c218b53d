// Does this ack prove that the ledger has this statement? Exit code 0 when it does, 3 when not.
// usage: node witness-ack.mjs ACK-HEX STATEMENT IDENTITY
import { readFileSync } from 'node:fs';
import { cborDecode, cborEncode, coseParts, coseVerify, fromHex, pathRoot, same, sha256, toHex } from './witness.mjs';

const [ackHex, statementFile, identityFile] = process.argv.slice(2);
const [, genesis, set] = cborDecode(readFileSync(identityFile));
const ledger = cborDecode(genesis)[2];
const [version, headerBytes, seals, summaryBytes, size, index, path] = cborDecode(fromHex(ackHex));
const header = cborDecode(headerBytes);
const summary = cborDecode(summaryBytes);
const authorities = cborDecode(set);

async function sealHolds(seal) {
    const { kid, protectedMap, payload } = coseParts(seal);
    const authority = authorities.find(([k]) => same(k, kid));
    const [height, , treeSize, block] = protectedMap.get(-65537);
    return authority !== undefined && height === header[3] && treeSize === header[7] &&
        same(block, sha256(headerBytes)) && same(payload, header[8]) &&
        (await coseVerify(seal, authority[1].get(-2), { externalAAD: new Uint8Array() }));
}

const checks = {
    version: version === 1,
    canonical: same(cborEncode(cborDecode(fromHex(ackHex))), fromHex(ackHex)),
    ledger: same(header[2], ledger),
    set: same(header[11], sha256(set)),
    quorum: seals.length >= Math.floor((2 * authorities.length) / 3) + 1,
    seals: (await Promise.all(seals.map(sealHolds))).every(Boolean),
    summary: same(pathRoot(summaryBytes, index, size, path) ?? [], header[9]),
    statement: same(summary[3], sha256(readFileSync(statementFile))),
};
for (const [name, holds] of Object.entries(checks)) if (!holds) console.error(`ack: ${name} does not hold`);
if (Object.values(checks).every(Boolean)) console.log(`proven: seq ${summary[2]} of ${toHex(summary[1])}`);
else process.exitCode = 3;
