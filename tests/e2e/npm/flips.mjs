// flips.mjs WAYBILL FOLDER COUNT SEED [HEX...]: flips one random byte of a node's files after the other and sees that
// `waybill audit` finds each and names its file and offset. Then plays the insider: changes a byte of each HEX where
// the database holds it and mends the page's checksum, so that only executing the ledger again can tell. Exits 1 at
// the first change that goes unnoticed.
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync, statSync, writeFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";

const [waybill, folder, countText, seedText, ...needles] = process.argv.slice(2);
const files = ["node/ledger.db", "node/node.key", "identity.cbor", "genesis.cbor"].map((f) => join(folder, f));
let state = BigInt(seedText);

// splitmix64 (Steele, Lea, Flood 2014)
function random(below) {
    state = (state + 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & 0xffffffffffffffffn;
    return Number((z ^ (z >> 31n)) % BigInt(below));
}

function exchange(file, offset, byte) {
    const fd = openSync(file, "r+");
    const old = Buffer.alloc(1);
    readSync(fd, old, 0, 1, offset);
    writeSync(fd, Buffer.from([byte === null ? old[0] ^ (1 + random(255)) : byte]), 0, 1, offset);
    closeSync(fd);
    return old[0];
}

execFileSync(waybill, ["audit", folder]); // clean before
for (let i = 0; i < Number(countText); i++) {
    const file = random(5) === 0 ? files[1 + random(3)] : files[0];
    const offset = random(statSync(file).size);
    const old = exchange(file, offset, null);
    const run = spawnSync(waybill, ["audit", folder], { encoding: "utf8" });
    exchange(file, offset, old);
    const said = run.stdout + run.stderr;
    if (run.status !== 3 || !said.includes(basename(file)) || !new RegExp(`\\b${offset}\\b`).test(said)) {
        console.error(`flips: ${file} byte ${offset}: exit ${run.status}: ${said}`);
        process.exit(1);
    }
}
const PAGE = 4096;
// The checksum of a page is its last 8 bytes: the sum of the others, and their sum weighted by place from 1.
function mend(page) {
    let sum = 0n;
    let weighted = 0n;
    for (let i = 0; i < PAGE - 8; i++) {
        sum += BigInt(page[i]);
        weighted += BigInt(i + 1) * BigInt(page[i]);
    }
    page.writeUInt32BE(Number(sum & 0xffffffffn), PAGE - 8);
    page.writeUInt32BE(Number(weighted & 0xffffffffn), PAGE - 4);
}

const whole = readFileSync(files[0]);
let changes = 0;
for (const hex of needles) {
    const needle = Buffer.from(hex, "hex");
    let found = 0;
    for (let at = whole.indexOf(needle); at >= 0; at = whole.indexOf(needle, at + 1), found++) {
        const changed = Buffer.from(whole);
        changed[at + (needle.length >> 1)] ^= 1;
        const start = Math.floor((at + (needle.length >> 1)) / PAGE) * PAGE;
        mend(changed.subarray(start, start + PAGE));
        writeFileSync(files[0], changed);
        const run = spawnSync(waybill, ["audit", folder], { encoding: "utf8" });
        if (run.status !== 3) {
            console.error(`flips: an insider's change of ${hex} at ${at}: exit ${run.status}: ${run.stdout}${run.stderr}`);
            process.exit(1);
        }
        changes++;
    }
    if (found === 0) {
        console.error(`flips: the database does not hold ${hex}`);
        process.exit(1);
    }
}
writeFileSync(files[0], whole);
execFileSync(waybill, ["audit", folder]); // and clean after
if (needles.length > 0) console.log(`${changes} changes by an insider, each found by executing the ledger again`);
console.log(`${countText} flipped bytes, each found and named`);
