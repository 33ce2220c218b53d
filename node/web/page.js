"use strict";
/* All facts are in the page already. This only says whether the ledger has gone on since it was made. */
(function () {
  const head = document.getElementById("head");
  const fresh = document.getElementById("fresh");
  if (!head || !fresh || !window.fetch) return;
  const shown = Number(head.dataset.height);
  async function look() {
    try {
      const answer = await fetch("/v1/head", { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = (await answer.json()).height;
      fresh.textContent = now > shown
        ? " · the ledger is now at block " + now + "; reload to see what is new"
        : " · up to date";
    } catch (_) {
      fresh.textContent = " · the node cannot be reached";
    }
  }
  look();
  setInterval(look, 30000);
})();
