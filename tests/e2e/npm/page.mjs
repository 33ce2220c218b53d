// page.mjs SERVER SCRATCH CHROMIUM GOODS: looks at the pages that `SERVER --serve` and `GOODS --serve` (a recalled
// bar's) give, as people's browsers do.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [server, scratch, browserPath, goodsServer] = process.argv.slice(2);
const HOSTILE = 510; // strings, three a page

function check(good, what) {
    if (!good) throw new Error(what);
}

// ------------------------------------------------------------------ the server

const child = spawn(server, ["--serve"], { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const nextLine = async () => (await lines.next()).value;
const address = await nextLine();

const goodsChild = spawn(goodsServer, ["--serve"], { stdio: ["pipe", "pipe", "inherit"] });
const recalledAddress = (await createInterface({ input: goodsChild.stdout })[Symbol.asyncIterator]().next()).value;

async function tell(words) {
    child.stdin.write(words.join("\t") + "\n");
    const answer = await nextLine();
    check(answer === "ok", `the server said "${answer}" to ${JSON.stringify(words)}`);
}

// ------------------------------------------------------------------ hostile names

function hostileNames() {
    const payloads = [
        "alert(1)", "window.hit=1", "hit()", "fetch('//x')", "eval('hit()')", "top.hit=1",
    ];
    const shapes = [
        (p) => `<script>${p}</script>`, (p) => `<ScRiPt>${p}</sCrIpT>`, (p) => `<script src=//x>${p}`,
        (p) => `<img src=x onerror=${p}>`, (p) => `<svg onload=${p}>`, (p) => `<svg/onload=${p}//`,
        (p) => `<body onload=${p}>`, (p) => `<iframe src="javascript:${p}">`,
        (p) => `<a href="javascript:${p}">x</a>`, (p) => `<details open ontoggle=${p}>`,
        (p) => `<math><mtext><img src onerror=${p}>`, (p) => `<style>@import '//x';</style>${p}`,
        (p) => `<object data="javascript:${p}">`, (p) => `<embed src="javascript:${p}">`,
        (p) => `<input autofocus onfocus=${p}>`, (p) => `<video><source onerror=${p}>`,
        (p) => `<base href="//x/">${p}`, (p) => `<meta http-equiv=refresh content="0;url=//x">${p}`,
        (p) => `<form action="//x"><button>${p}`, (p) => `<template><script>${p}</script>`,
        (p) => `<noscript><p title="</noscript><img src=x onerror=${p}>">`,
        (p) => `&lt;script&gt;${p}&lt;/script&gt;`, (p) => `&#60;script&#62;${p}`,
        (p) => `%3Cscript%3E${p}%3C/script%3E`, (p) => `\\u003cscript\\u003e${p}`,
        (p) => `{{constructor.constructor('${p}')()}}`, (p) => "${" + p + "}", (p) => "`${" + p + "}`",
    ];
    const breakouts = [
        (s) => s, (s) => `">${s}`, (s) => `'>${s}`, (s) => `</title>${s}`, (s) => `</text></svg>${s}`,
        (s) => `--><!--${s}`, (s) => `]]>${s}`, (s) => `x" ${s} y="`, (s) => `</strong></li></ol>${s}`,
        (s) => `\u202e${s}`,
    ];
    const all = [];
    for (const breakout of breakouts)
        for (const shape of shapes)
            for (const payload of payloads) all.push(breakout(shape(payload)));
    const stride = 11; // has no factor in common with their number: no string twice, all shapes met
    return all.map((_, i) => all[(i * stride) % all.length])
        .filter((s) => Buffer.byteLength(s) <= 200)
        .slice(0, HOSTILE);
}

const withoutMarks = (s) => s.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

async function testInjections(browser) {
    const names = hostileNames();
    check(new Set(names).size === HOSTILE, `only ${names.length} hostile names`);
    const page = await browser.newPage();
    const wrong = [];
    page.on("dialog", (d) => { wrong.push(`dialog ${d.message()}`); d.dismiss(); });
    page.on("pageerror", (e) => wrong.push(`error ${e.message}`));
    page.on("console", (m) => { if (m.type() === "error") wrong.push(`console ${m.text()}`); });
    page.on("request", (r) => {
        if (!r.url().startsWith(new URL(address).origin)) wrong.push(`request ${r.url()}`);
    });
    for (let i = 0; i + 2 < names.length; i += 3) {
        const [name, brand, party] = names.slice(i, i + 3);
        await tell([name, brand, party]);
        await page.goto(address, { waitUntil: "load" });
        const found = await page.evaluate(() => ({
            hit: window.hit !== undefined,
            name: document.querySelector("h1").textContent,
            brand: document.querySelector(".brand").textContent,
            party: document.querySelector(".now strong").textContent,
            scripts: document.querySelectorAll("script").length,
            foreign: document.querySelectorAll("img,iframe,object,embed,base,form,style,video,input").length,
        }));
        const what = JSON.stringify([name, brand, party]);
        check(!found.hit && wrong.length === 0, `${what}: ${wrong.join(", ") || "a script ran"}`);
        check(found.scripts === 1 && found.foreign === 0, `${what}: became elements`);
        check(found.name === withoutMarks(name), `${what}: the name reads ${found.name}`);
        check(found.brand === withoutMarks(brand), `${what}: the brand reads ${found.brand}`);
        check(found.party === withoutMarks(party), `${what}: the custodian reads ${found.party}`);
    }
    await page.close();
    console.log(`page: ${names.length} hostile names, none ran`);
}

// ------------------------------------------------------------------ facts, width, contrast

async function testFacts(browser) {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
    const page = await context.newPage();
    await page.goto(address);
    const text = await page.locator("main").innerText();
    for (const fact of ["Measles vaccine, 10 doses", "Not kept as agreed", "Farm A", "Carrier B, Lyon",
        "Clinic C", "20 min with Farm A", "40 min with Carrier B, Lyon", "9.1 °C at worst", "1 of 1 authorities"])
        check(text.includes(fact), `without JavaScript the page lacks "${fact}"`);
    check(await page.locator("svg.chart .band").count() > 0, "the chart has no readings");
    check(await page.locator("svg.chart .bound").count() === 2, "the chart lacks the contract's bounds");
    check(await page.locator("svg.chart .excursion").count() === 1, "the chart lacks the excursion");
    check(await page.locator("svg.chart .handover").count() === 2, "the chart lacks the handovers");
    await context.close();
    console.log("page: the facts are there without JavaScript");
}

// A recalled product: the warning comes first, is red, and names whom to call.
async function testRecalled(browser) {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
    const page = await context.newPage();
    await page.goto(recalledAddress);
    const banner = page.locator(".banner.recalled").first();
    check(await banner.getAttribute("role") === "alert", "the recall is no alert");
    const text = await banner.innerText();
    for (const fact of ["RECALLED", "Plot 7: recalls@plot7.example, +233 20 000 0000", "salmonella <b>found</b>",
        "01/09506000134352/10/BEANS"])
        check(text.includes(fact), `the recall lacks "${fact}": ${text}`);
    const box = await banner.boundingBox(), title = await page.locator("h1").boundingBox();
    check(box.y < title.y && box.y < 300, "the recall is not what is seen first");
    const [red, green, blue] = (await banner.evaluate((e) => getComputedStyle(e).borderTopColor))
        .match(/\d+/g).map(Number);
    check(red > 2 * green && red > 2 * blue, "the recall is not red");
    const whole = await page.locator("main").innerText();
    for (const fact of ["Where it comes from", "Bar Maker", "Plot 7, Asanko", "organic: valid", "fair trade: expired by then"])
        check(whole.includes(fact), `the recalled bar's page lacks "${fact}"`);
    await context.close();
    console.log("page: a recalled bar says so first, and whom to call");
}

// WCAG 2.1: at least 4.5 : 1 between text and the ground it stands on.
function worstContrast() {
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const rgb = (s) => s.match(/[\d.]+/g).map(Number);
    let worst = { ratio: 21, text: "" };
    for (const e of document.querySelectorAll("h1,h2,h3,p,li,dt,dd,a,strong,span,figcaption,code")) {
        let ground = e;
        while (ground && rgb(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
        const a = light(rgb(getComputedStyle(e).color)), b = light(rgb(getComputedStyle(ground).backgroundColor));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (e.textContent.trim() && ratio < worst.ratio) worst = { ratio, text: e.textContent.slice(0, 40) };
    }
    return worst;
}

async function testLooks(browser, url, name) {
    for (const colorScheme of ["light", "dark"])
        for (const width of [320, 390, 900]) {
            const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
            const page = await context.newPage();
            await page.goto(url);
            const wide = await page.evaluate(() => document.documentElement.scrollWidth);
            check(wide <= width, `${name}: at ${width} the page is ${wide} wide`);
            const worst = await page.evaluate(worstContrast);
            check(worst.ratio >= 4.5, `${name}, ${colorScheme}: contrast ${worst.ratio.toFixed(2)} at "${worst.text}"`);
            await page.locator("#fresh", { hasText: "up to date" }).waitFor({ timeout: 5000 });
            await page.screenshot({ path: `${scratch}/${name}-${colorScheme}-${width}.png`, fullPage: true });
            await context.close();
        }
    console.log("page: " + name + " fits phones, readable in light and dark");
}

// ------------------------------------------------------------------ all of it

const browser = await chromium.launch({
    executablePath: browserPath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update"],
});
let code = 0;
try {
    await testFacts(browser);
    await testRecalled(browser);
    await testLooks(browser, address, "page");
    await testLooks(browser, recalledAddress, "recalled");
    await testInjections(browser);
} catch (e) {
    console.error(`page: ${e.message}`);
    code = 1;
} finally {
    await browser.close();
    child.stdin.end();
    goodsChild.stdin.end();
}
process.exitCode = code;
