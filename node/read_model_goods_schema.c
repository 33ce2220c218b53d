/* The read model's tables and statements about goods. */
#include "node/read_model_goods.h"

#include <assert.h>

/* first, count: assets with consecutive numbers. */
static const char tables[] =
    "CREATE TABLE making (id INTEGER PRIMARY KEY, statement BLOB NOT NULL UNIQUE,"
    " kind INTEGER NOT NULL, member BLOB, place TEXT, leaf INTEGER, time_ms INTEGER NOT NULL);"
    "CREATE TABLE making_output (making INTEGER NOT NULL, n INTEGER NOT NULL,"
    " first INTEGER NOT NULL, count INTEGER NOT NULL, lot INTEGER, lot_text TEXT,"
    " expiry_ms INTEGER, mantissa INTEGER, exponent INTEGER, unit TEXT,"
    " PRIMARY KEY (making, n, first)) WITHOUT ROWID;"
    "CREATE INDEX making_output_lot ON making_output (lot, first) WHERE lot IS NOT NULL;"
    "CREATE TABLE making_input (making INTEGER NOT NULL, n INTEGER NOT NULL,"
    " first INTEGER NOT NULL, count INTEGER NOT NULL, mantissa INTEGER, exponent INTEGER,"
    " unit TEXT, PRIMARY KEY (making, n, first)) WITHOUT ROWID;"
    "CREATE INDEX making_input_first ON making_input (first);"
    "CREATE TABLE lot (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, maker BLOB NOT NULL,"
    " declared INTEGER, made INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE packing (asset INTEGER NOT NULL, n INTEGER NOT NULL, container INTEGER NOT NULL,"
    " since_ms INTEGER NOT NULL, until_ms INTEGER, PRIMARY KEY (asset, n)) WITHOUT ROWID;"
    "CREATE INDEX packing_container ON packing (container);"
    "CREATE TABLE disposition (id INTEGER PRIMARY KEY, statement BLOB NOT NULL UNIQUE,"
    " action INTEGER NOT NULL, member BLOB NOT NULL, meaning TEXT, reason TEXT, place TEXT,"
    " leaf INTEGER, time_ms INTEGER NOT NULL);"
    "CREATE INDEX disposition_action ON disposition (action, id);"
    "CREATE TABLE disposition_asset (disposition INTEGER NOT NULL, first INTEGER NOT NULL,"
    " count INTEGER NOT NULL, PRIMARY KEY (disposition, first)) WITHOUT ROWID;"
    "CREATE TABLE hold (asset INTEGER NOT NULL, kind INTEGER NOT NULL, n INTEGER NOT NULL,"
    " disposition INTEGER NOT NULL, since_ms INTEGER NOT NULL, rejected INTEGER, until_ms INTEGER,"
    " PRIMARY KEY (asset, kind, n)) WITHOUT ROWID;"
    "CREATE INDEX hold_disposition ON hold (disposition);"
    "CREATE TABLE certificate (id INTEGER PRIMARY KEY, statement BLOB NOT NULL UNIQUE,"
    " name TEXT NOT NULL, issuer BLOB NOT NULL, from_ms INTEGER NOT NULL,"
    " until_ms INTEGER NOT NULL, place TEXT, member BLOB, number TEXT, document BLOB,"
    " leaf INTEGER, time_ms INTEGER NOT NULL, revoked_from_ms INTEGER, revoked_leaf INTEGER);"
    "CREATE INDEX certificate_place ON certificate (place) WHERE place IS NOT NULL;"
    "CREATE INDEX certificate_member ON certificate (member) WHERE member IS NOT NULL;"
    "CREATE TABLE certificate_asset (asset INTEGER NOT NULL, certificate INTEGER NOT NULL,"
    " PRIMARY KEY (asset, certificate)) WITHOUT ROWID;"
    "CREATE TABLE correction (original BLOB PRIMARY KEY, kind INTEGER NOT NULL,"
    " correction BLOB NOT NULL, meaning TEXT, reason TEXT, leaf INTEGER,"
    " time_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE dispute (statement BLOB NOT NULL, n INTEGER NOT NULL, dispute BLOB NOT NULL,"
    " member BLOB NOT NULL, reason TEXT, leaf INTEGER, time_ms INTEGER NOT NULL,"
    " PRIMARY KEY (statement, n)) WITHOUT ROWID;"
    "CREATE TABLE finding (id INTEGER PRIMARY KEY, asset INTEGER NOT NULL, what INTEGER NOT NULL,"
    " statement BLOB NOT NULL, other BLOB, kid BLOB NOT NULL, leaf INTEGER,"
    " time_ms INTEGER NOT NULL, withdrawn_ms INTEGER);"
    "CREATE INDEX finding_asset ON finding (asset);"
    "CREATE INDEX finding_statement ON finding (statement);"
    "CREATE INDEX finding_other ON finding (other) WHERE other IS NOT NULL;"
    "CREATE TABLE finding_key (kid BLOB NOT NULL, finding INTEGER NOT NULL,"
    " PRIMARY KEY (kid, finding)) WITHOUT ROWID;"
    "CREATE TABLE label (asset INTEGER PRIMARY KEY, leaf INTEGER, time_ms INTEGER NOT NULL);"
    "CREATE TABLE label_reveal (asset INTEGER NOT NULL, n INTEGER NOT NULL,"
    " result INTEGER NOT NULL, statement BLOB NOT NULL, leaf INTEGER, time_ms INTEGER NOT NULL,"
    " PRIMARY KEY (asset, n)) WITHOUT ROWID;"
    "CREATE TABLE handover (offer BLOB PRIMARY KEY, sender BLOB NOT NULL, receiver BLOB NOT NULL,"
    " role INTEGER NOT NULL, leaf INTEGER, time_ms INTEGER NOT NULL, answer INTEGER,"
    " answer_leaf INTEGER, answer_ms INTEGER, missing INTEGER, surplus INTEGER, damaged INTEGER)"
    " WITHOUT ROWID;"
    "CREATE TABLE bound (statement BLOB PRIMARY KEY, device BLOB, reading BLOB, seal INTEGER,"
    " seal_number TEXT, leaf INTEGER, time_ms INTEGER NOT NULL) WITHOUT ROWID;";

static const struct read_model_table table_list[] = {
    { "making", "1" },
    { "making_output", "1, 2, 3" },
    { "making_input", "1, 2, 3" },
    { "lot", "1" },
    { "packing", "1, 2" },
    { "disposition", "1" },
    { "disposition_asset", "1, 2" },
    { "hold", "1, 2, 3" },
    { "certificate", "1" },
    { "certificate_asset", "1, 2" },
    { "correction", "1" },
    { "dispute", "1, 2" },
    { "finding", "1" },
    { "finding_key", "1, 2" },
    { "label", "1" },
    { "label_reveal", "1, 2" },
    { "handover", "1" },
    { "bound", "1" },
};

#define RANGE " WHERE id BETWEEN ?1 AND ?2"

static const char *const sql[GM_SQL_COUNT] = {
    [GM_ASSET_BORN] = "UPDATE asset SET custodian = ?3, owner = ?4, making = ?5, mantissa = ?6,"
                      " exponent = ?7, unit = ?8" RANGE,
    [GM_ASSET_AMOUNT] = "UPDATE asset SET mantissa = ?2, exponent = ?3 WHERE id = ?1",
    [GM_ASSET_GET_AMOUNT] = "SELECT mantissa, exponent, unit FROM asset WHERE id = ?1"
                            " AND mantissa IS NOT NULL",
    [GM_ASSET_CUSTODIAN] = "UPDATE asset SET custodian = ?3" RANGE,
    [GM_ASSET_OWNER] = "UPDATE asset SET owner = ?3" RANGE,
    [GM_ASSET_GET_OWNER] = "SELECT owner FROM asset WHERE id = ?1 AND owner IS NOT NULL",
    [GM_ASSET_CONTAINER] = "UPDATE asset SET container = ?3" RANGE,
    [GM_ASSET_END] = "UPDATE asset SET ended = ?3, ended_by = ?4" RANGE,
    [GM_ASSET_RETURN] = "UPDATE asset SET ended = NULL, ended_by = NULL, custodian = ?3" RANGE,
    [GM_ASSET_UNEND] = "UPDATE asset SET ended = NULL, ended_by = NULL"
                       " WHERE id IN (SELECT a.id FROM disposition d JOIN disposition_asset r"
                       " ON r.disposition = d.id JOIN asset a"
                       " ON a.id BETWEEN r.first AND r.first + r.count - 1"
                       " WHERE d.statement = ?1 AND a.ended_by = d.id)",
    [GM_MAKING_FIND] = "SELECT id FROM making WHERE statement = ?1",
    [GM_MAKING_INSERT] = "INSERT INTO making (statement, kind, member, place, leaf, time_ms)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [GM_OUTPUT_INSERT] = "INSERT INTO making_output VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                         " ?10) ON CONFLICT DO NOTHING",
    [GM_INPUT_INSERT] = "INSERT INTO making_input VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                        " ON CONFLICT DO NOTHING",
    [GM_INPUT_FIRST] = "SELECT first FROM making_input WHERE making = ?1 ORDER BY n, first LIMIT 1",
    [GM_LOT_FIND] = "SELECT id FROM lot WHERE name = ?1",
    [GM_LOT_INSERT] = "INSERT INTO lot (name, maker) VALUES (?1, ?2)",
    [GM_LOT_MADE] = "UPDATE lot SET made = made + ?2 WHERE id = ?1",
    [GM_LOT_DECLARE] = "UPDATE lot SET declared = ?2 WHERE id = ?1",
    [GM_PACK] = "INSERT INTO packing VALUES (?1, (SELECT count(*) FROM packing"
                " WHERE asset = ?1), ?2, ?3, NULL)",
    [GM_UNPACK] = "UPDATE packing SET until_ms = ?2 WHERE asset = ?1 AND until_ms IS NULL",
    [GM_DISPOSITION_FIND] = "SELECT id FROM disposition WHERE statement = ?1",
    [GM_DISPOSITION_INSERT] = "INSERT INTO disposition (statement, action, member, meaning, reason,"
                              " place, leaf, time_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [GM_DISPOSITION_NAMES] = "INSERT INTO disposition_asset VALUES (?1, ?2, ?3)"
                             " ON CONFLICT DO NOTHING",
    [GM_HOLD_BEGIN] = "INSERT INTO hold SELECT ?1, ?2, (SELECT count(*) FROM hold"
                      " WHERE asset = ?1 AND kind = ?2), ?3, ?4, NULL, NULL WHERE NOT EXISTS"
                      " (SELECT 1 FROM hold WHERE asset = ?1 AND kind = ?2 AND until_ms IS NULL)",
    [GM_HOLD_END] = "UPDATE hold SET until_ms = ?3 WHERE asset = ?1 AND kind = ?2"
                    " AND until_ms IS NULL",
    [GM_HOLD_REJECT] = "UPDATE hold SET rejected = ?2 WHERE asset = ?1 AND kind = 0"
                       " AND until_ms IS NULL",
    [GM_HOLD_UNDO] = "UPDATE hold SET until_ms = ?2 WHERE until_ms IS NULL AND disposition ="
                     " (SELECT id FROM disposition WHERE statement = ?1)",
    [GM_CERTIFICATE_FIND] = "SELECT id FROM certificate WHERE statement = ?1",
    [GM_CERTIFICATE_INSERT] = "INSERT INTO certificate (statement, name, issuer, from_ms, until_ms,"
                              " place, member, number, document, leaf, time_ms)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [GM_CERTIFICATE_ASSET] = "INSERT INTO certificate_asset VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [GM_CERTIFICATE_REVOKE] = "UPDATE certificate SET revoked_from_ms = ?2, revoked_leaf = ?3"
                              " WHERE statement = ?1",
    [GM_CERTIFICATE_VOID] = "UPDATE certificate SET revoked_from_ms = from_ms, revoked_leaf = ?2"
                            " WHERE statement = ?1",
    [GM_CORRECTION_INSERT] = "INSERT INTO correction VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                             " ON CONFLICT DO NOTHING",
    [GM_DISPUTE_INSERT] = "INSERT INTO dispute VALUES (?1, (SELECT count(*) FROM dispute"
                          " WHERE statement = ?1), ?2, ?3, ?4, ?5, ?6)",
    [GM_FINDING_INSERT] = "INSERT INTO finding (asset, what, statement, other, kid, leaf, time_ms)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [GM_FINDING_KEY] = "INSERT INTO finding_key VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    [GM_FINDING_WITHDRAW] = "UPDATE finding SET withdrawn_ms = ?2"
                            " WHERE (statement = ?1 OR other = ?1) AND withdrawn_ms IS NULL",
    [GM_LABEL_INSERT] = "INSERT INTO label VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    [GM_REVEAL_INSERT] = "INSERT INTO label_reveal VALUES (?1, (SELECT count(*)"
                         " FROM label_reveal WHERE asset = ?1), ?2, ?3, ?4, ?5)",
    [GM_HANDOVER_INSERT] = "INSERT INTO handover (offer, sender, receiver, role, leaf, time_ms)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    [GM_HANDOVER_ANSWER] = "UPDATE handover SET answer = ?2, answer_leaf = ?3, answer_ms = ?4"
                           " WHERE offer = ?1",
    [GM_HANDOVER_COUNTS] = "UPDATE handover SET missing = ?2, surplus = ?3, damaged = ?4"
                           " WHERE offer = ?1",
    [GM_BOUND_INSERT] = "INSERT INTO bound VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                        " ON CONFLICT DO NOTHING",
    [GM_MAKING_GET] = "SELECT statement, kind, member, place, leaf, time_ms FROM making"
                      " WHERE id = ?1",
    [GM_MAKING_LAST] = "SELECT coalesce(max(id), 0) FROM making",
    [GM_MAKINGS_OF_RUN] = "SELECT making, min(id), max(id) FROM asset" RANGE
                          " AND making IS NOT NULL GROUP BY making ORDER BY min(id)",
    [GM_INPUTS] = "SELECT x.n, x.first, x.count, x.mantissa, x.exponent, x.unit,"
                  " (SELECT name FROM asset WHERE id = x.first),"
                  " (SELECT name FROM asset WHERE id = x.first + x.count - 1), NULL, NULL"
                  " FROM making_input x WHERE x.making = ?1 ORDER BY x.n, x.first",
    [GM_OUTPUTS] = "SELECT x.n, x.first, x.count, x.mantissa, x.exponent, x.unit,"
                   " (SELECT name FROM asset WHERE id = x.first),"
                   " (SELECT name FROM asset WHERE id = x.first + x.count - 1),"
                   " coalesce((SELECT name FROM lot WHERE id = x.lot), x.lot_text), x.expiry_ms"
                   " FROM making_output x WHERE x.making = ?1 ORDER BY x.n, x.first",
    [GM_INPUTS_OVER] = "SELECT making, first, count FROM making_input"
                       " WHERE first BETWEEN ?3 AND ?2 AND first + count > ?1",
    [GM_ASSETS_OF_RUN] = "SELECT id, name, custodian, owner, ended, container, making"
                         " FROM asset" RANGE " ORDER BY id",
    [GM_DISPOSITION_RUNS] = "SELECT first, count FROM disposition_asset WHERE disposition = ?1",
    [GM_DISPOSITION_LOTS] = "SELECT o.first, o.count FROM disposition_asset r JOIN asset a"
                            " ON a.id BETWEEN r.first AND r.first + r.count - 1"
                            " JOIN lot l ON l.name = a.name JOIN making_output o ON o.lot = l.id"
                            " WHERE r.disposition = ?1 ORDER BY o.first",
};

const char *read_model_goods_sql(enum read_model_goods_sql which)
{
    assert((size_t)which < GM_SQL_COUNT && sql[which] != NULL);
    return sql[which];
}

const struct read_model_table *read_model_goods_table(size_t n)
{
    return n < sizeof table_list / sizeof table_list[0] ? &table_list[n] : NULL;
}

bool read_model_goods_create(struct db *db, struct err *err)
{
    return db_exec(db, tables, err) && read_model_goods_create_views(db, err);
}
