// The schema that editors complete and check contracts with, judged by a foreign validator. Standard input: one
// JSON array a line, [file, contract]: every one is valid, and none still is when it is spoilt.
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true, strictTypes: false });
const validate = ajv.compile(JSON.parse(readFileSync(process.argv[2], "utf8")));
const contracts = readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));
let failures = 0;

const fail = (text) => {
    console.error(text);
    failures++;
};

const first = (map) => Object.keys(map)[0];

// Each breaks what it is given, or says that there is nothing to break.
const spoilings = {
    "no name": (c) => delete c.contract,
    "an unknown section": (c) => (c.stages = {}),
    "a version of nought": (c) => Object.assign(c, { version: 0 }),
    "a role that is a robot": (c) => c.roles && (c.roles[first(c.roles)] = { is: "robot" }),
    "a term without a kind": (c) => c.terms && (c.terms[first(c.terms)] = { usual: 1 }),
    "a rule without a severity": (c) => c.watch && delete c.watch[first(c.watch)].severity,
    "a rule with an unknown key": (c) => c.watch && (c.watch[first(c.watch)].then = "x"),
    "a rule of two things": (c) => c.watch && Object.assign(c.watch[first(c.watch)], { when: "door > 0", "no reading for": "1 h" }),
    "progress beyond the end": (c) => c.states && (c.states[first(c.states)] = { progress: 101 }),
    "an action of nobody": (c) => c.actions && delete c.actions[first(c.actions)].by,
    "an action with an unknown key": (c) => c.actions && (c.actions[first(c.actions)].then = "x"),
    "a reaction to nothing": (c) => c.reactions && (c.reactions[first(c.reactions)].on = {}),
    "a reaction to what there is not": (c) => c.reactions && (c.reactions[first(c.reactions)].on = { rain: "any" }),
    "a reserved action": (c) => (c.actions = { "add back": { by: "x" } }),
};
const broken = new Set();

for (const [file, contract] of contracts) {
    if (!validate(contract))
        fail(`${file}: ${ajv.errorsText(validate.errors, { separator: "\n    " })}`);
    for (const [what, spoil] of Object.entries(spoilings)) {
        const spoilt = structuredClone(contract);
        if (!spoil(spoilt)) continue;
        broken.add(what);
        if (validate(spoilt)) fail(`${file}: valid with ${what}`);
    }
}
for (const what of Object.keys(spoilings))
    if (!broken.has(what)) fail(`no contract could be given ${what}`);
console.log(`${contracts.length} contracts, ${broken.size} ways to spoil them, ${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
