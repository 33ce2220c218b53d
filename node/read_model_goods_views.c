/* Views on what the read model keeps of goods: docs/sql-views.md. */
#include "node/read_model_goods.h"

#include <stdio.h>

static const struct {
    const char *name, *sql;
} views[] = {
    { "goods",
      "SELECT x.name AS asset, lower(hex(x.custodian)) AS custodian, lower(hex(x.owner)) AS owner,"
      " CASE x.ended WHEN 1 THEN 'dispensed' WHEN 2 THEN 'decommissioned' WHEN 3 THEN 'destroyed'"
      " WHEN 4 THEN 'used up' END AS ended,"
      " (SELECT name FROM asset WHERE id = x.container) AS container,"
      " x.mantissa, x.exponent, x.unit,"
      " (SELECT lower(hex(statement)) FROM making WHERE id = x.making) AS made_by FROM asset x" },
    { "makings", "SELECT lower(hex(m.statement)) AS statement, CASE m.kind WHEN 0 THEN 'split'"
                 " WHEN 1 THEN 'merge' WHEN 2 THEN 'transform' ELSE 'commission' END AS kind,"
                 " lower(hex(m.member)) AS member, m.place, m.leaf, m.time_ms FROM making m" },
    { "making_outputs",
      "SELECT lower(hex(m.statement)) AS making, x.n,"
      " (SELECT name FROM asset WHERE id = x.first) AS first,"
      " (SELECT name FROM asset WHERE id = x.first + x.count - 1) AS last, x.count,"
      " (SELECT name FROM lot WHERE id = x.lot) AS lot, x.lot_text, x.expiry_ms,"
      " x.mantissa, x.exponent, x.unit FROM making_output x JOIN making m ON m.id = x.making" },
    { "making_inputs",
      "SELECT lower(hex(m.statement)) AS making, x.n,"
      " (SELECT name FROM asset WHERE id = x.first) AS first,"
      " (SELECT name FROM asset WHERE id = x.first + x.count - 1) AS last, x.count,"
      " x.mantissa, x.exponent, x.unit FROM making_input x JOIN making m ON m.id = x.making" },
    { "lots", "SELECT x.name AS lot, lower(hex(x.maker)) AS maker, x.declared, x.made FROM lot x" },
    { "packings",
      "SELECT (SELECT name FROM asset WHERE id = x.asset) AS asset, x.n,"
      " (SELECT name FROM asset WHERE id = x.container) AS container, x.since_ms, x.until_ms"
      " FROM packing x" },
    { "dispositions",
      "SELECT lower(hex(x.statement)) AS statement, CASE x.action WHEN 0 THEN 'quarantine'"
      " WHEN 1 THEN 'release' WHEN 2 THEN 'reject' WHEN 3 THEN 'return' WHEN 4 THEN 'recall'"
      " WHEN 5 THEN 'end recall' WHEN 6 THEN 'decommission' WHEN 7 THEN 'dispense'"
      " ELSE 'destroy' END AS action, (SELECT name FROM asset WHERE id = a.first) AS first,"
      " (SELECT name FROM asset WHERE id = a.first + a.count - 1) AS last, a.count,"
      " lower(hex(x.member)) AS member, x.meaning, x.reason, x.place, x.leaf, x.time_ms"
      " FROM disposition x JOIN disposition_asset a ON a.disposition = x.id" },
    { "holds",
      "SELECT (SELECT name FROM asset WHERE id = h.asset) AS asset,"
      " CASE h.kind WHEN 0 THEN 'quarantine' ELSE 'recall' END AS kind, h.n,"
      " lower(hex(x.statement)) AS statement, lower(hex(x.member)) AS member, x.meaning, x.reason,"
      " h.since_ms, h.rejected IS NOT NULL AS rejected, h.until_ms"
      " FROM hold h JOIN disposition x ON x.id = h.disposition" },
    { "certificates",
      "SELECT lower(hex(x.statement)) AS statement, x.name, lower(hex(x.issuer)) AS issuer,"
      " x.from_ms, x.until_ms, x.place, lower(hex(x.member)) AS member, x.number,"
      " lower(hex(x.document)) AS document, x.leaf, x.time_ms, x.revoked_from_ms, x.revoked_leaf"
      " FROM certificate x" },
    { "certified_goods", "SELECT (SELECT name FROM asset WHERE id = a.asset) AS asset,"
                         " lower(hex(x.statement)) AS statement, x.name"
                         " FROM certificate_asset a JOIN certificate x ON x.id = a.certificate" },
    { "corrections",
      "SELECT lower(hex(x.original)) AS original, x.kind, lower(hex(x.correction)) AS correction,"
      " x.meaning, x.reason, x.leaf, x.time_ms FROM correction x" },
    { "disputes",
      "SELECT lower(hex(x.statement)) AS statement, x.n, lower(hex(x.dispute)) AS dispute,"
      " lower(hex(x.member)) AS member, x.reason, x.leaf, x.time_ms FROM dispute x" },
    { "findings",
      "SELECT x.id, (SELECT name FROM asset WHERE id = x.asset) AS asset, CASE x.what"
      " WHEN 1 THEN 'NEVER_COMMISSIONED' WHEN 2 THEN 'AFTER_END' WHEN 3 THEN 'MORE_THAN_MADE'"
      " WHEN 4 THEN 'IMPOSSIBLE_TRAVEL' ELSE 'TWO_CUSTODIANS' END AS finding,"
      " lower(hex(x.statement)) AS statement, lower(hex(x.other)) AS other,"
      " lower(hex(x.kid)) AS kid, x.leaf, x.time_ms, x.withdrawn_ms FROM finding x" },
    { "finding_keys", "SELECT lower(hex(x.kid)) AS kid, x.finding FROM finding_key x" },
    { "label_reveals",
      "SELECT (SELECT name FROM asset WHERE id = x.asset) AS asset, x.n, CASE x.result"
      " WHEN 0 THEN 'AUTHENTIC_OPENED' WHEN 1 THEN 'ALREADY_OPENED' WHEN 2 THEN 'TAMPER'"
      " ELSE 'MISMATCH' END AS result, lower(hex(x.statement)) AS statement, x.leaf, x.time_ms"
      " FROM label_reveal x" },
    { "handovers",
      "SELECT lower(hex(x.offer)) AS offer, lower(hex(x.sender)) AS sender,"
      " lower(hex(x.receiver)) AS receiver,"
      " CASE x.role WHEN 0 THEN 'custodian' ELSE 'owner' END AS role, x.leaf, x.time_ms,"
      " CASE x.answer WHEN 4 THEN 'accepted' WHEN 5 THEN 'rejected' WHEN 6 THEN 'cancelled'"
      " WHEN 24 THEN 'expired' ELSE 'open' END AS answer, x.answer_leaf, x.answer_ms, x.missing,"
      " x.surplus, x.damaged FROM handover x" },
    { "handover_bindings",
      "SELECT lower(hex(x.statement)) AS statement, lower(hex(x.device)) AS device,"
      " lower(hex(x.reading)) AS reading, CASE x.seal WHEN 0 THEN 'intact' WHEN 1 THEN 'broken'"
      " WHEN 2 THEN 'none' END AS seal, x.seal_number, x.leaf, x.time_ms FROM bound x" },
};

const char *read_model_goods_view(size_t n)
{
    return n < sizeof views / sizeof views[0] ? views[n].name : NULL;
}

bool read_model_goods_create_views(struct db *db, struct err *err)
{
    char sql[2048];
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        (void)snprintf(sql, sizeof sql, "CREATE VIEW %s AS %s;", views[i].name, views[i].sql);
        if (!db_exec(db, sql, err))
            return false;
    }
    return true;
}
