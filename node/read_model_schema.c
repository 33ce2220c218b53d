#include "node/read_model_goods.h"

#include <assert.h>
#include <stdio.h>

#define DUE "read_model_due" /* a table that is there until a migrated read model was rebuilt */

/* Times in ms since 1970; kids and hashes as bytes; NULL until known. */
static const char tables[] =
    "CREATE TABLE asset (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, custodian BLOB,"
    " owner BLOB, ended INTEGER, ended_by INTEGER, container INTEGER, making INTEGER,"
    " mantissa INTEGER, exponent INTEGER, unit TEXT);"
    /* an event of many assets is kept once: then shared names its row, and the rest is NULL */
    "CREATE TABLE shared_event (id INTEGER PRIMARY KEY,"
    " height INTEGER NOT NULL, outcome INTEGER NOT NULL, event INTEGER NOT NULL, leaf INTEGER,"
    " what INTEGER NOT NULL, time_ms INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE asset_event (asset INTEGER NOT NULL, n INTEGER NOT NULL, shared INTEGER,"
    " height INTEGER, outcome INTEGER, event INTEGER, leaf INTEGER, what INTEGER,"
    " time_ms INTEGER, data BLOB, PRIMARY KEY (asset, n)) WITHOUT ROWID;"
    "CREATE TABLE subject_event (subject BLOB NOT NULL, n INTEGER NOT NULL,"
    " height INTEGER NOT NULL, outcome INTEGER NOT NULL, event INTEGER NOT NULL, leaf INTEGER,"
    " what INTEGER NOT NULL, time_ms INTEGER NOT NULL, data BLOB NOT NULL,"
    " PRIMARY KEY (subject, n)) WITHOUT ROWID;"
    "CREATE TABLE custody (asset INTEGER NOT NULL, role INTEGER NOT NULL, n INTEGER NOT NULL,"
    " member BLOB NOT NULL, since_ms INTEGER NOT NULL, until_ms INTEGER,"
    " PRIMARY KEY (asset, role, n)) WITHOUT ROWID;"
    "CREATE TABLE excursion (asset INTEGER NOT NULL, opening BLOB NOT NULL, rule INTEGER NOT NULL,"
    " from_ms INTEGER NOT NULL, device BLOB NOT NULL, raised_ms INTEGER, to_ms INTEGER,"
    " peak INTEGER, exponent INTEGER, mean INTEGER, mean_exponent INTEGER, certain INTEGER,"
    " acknowledged_ms INTEGER, acknowledged_leaf INTEGER, revisions INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (asset, opening, rule, from_ms, device)) WITHOUT ROWID;"
    "CREATE TABLE charge (asset INTEGER NOT NULL, opening BLOB NOT NULL, rule INTEGER NOT NULL,"
    " from_ms INTEGER NOT NULL, device BLOB NOT NULL, n INTEGER NOT NULL, member BLOB,"
    " seconds INTEGER NOT NULL, PRIMARY KEY (asset, opening, rule, from_ms, device, n))"
    " WITHOUT ROWID;"
    "CREATE TABLE product (gtin TEXT NOT NULL, n INTEGER NOT NULL, leaf INTEGER NOT NULL,"
    " time_ms INTEGER NOT NULL, name TEXT NOT NULL, brand TEXT, unit TEXT, image BLOB,"
    " PRIMARY KEY (gtin, n)) WITHOUT ROWID;"
    "CREATE TABLE place (gln TEXT NOT NULL, n INTEGER NOT NULL, leaf INTEGER NOT NULL,"
    " time_ms INTEGER NOT NULL, name TEXT NOT NULL, lat INTEGER, lon INTEGER, zone TEXT,"
    " member BLOB, PRIMARY KEY (gln, n)) WITHOUT ROWID;"
    "CREATE TABLE party (member BLOB NOT NULL, n INTEGER NOT NULL, leaf INTEGER NOT NULL,"
    " time_ms INTEGER NOT NULL, name TEXT NOT NULL, contact TEXT, gln TEXT,"
    " PRIMARY KEY (member, n)) WITHOUT ROWID;"
    "CREATE TABLE member (member BLOB PRIMARY KEY, name TEXT NOT NULL, removed_ms INTEGER)"
    " WITHOUT ROWID;"
    "CREATE TABLE key (kid BLOB PRIMARY KEY, member BLOB NOT NULL, class INTEGER NOT NULL,"
    " name TEXT, leaf INTEGER, enrolled_ms INTEGER NOT NULL, revoked_ms INTEGER,"
    " last_good_seq INTEGER, revoked_leaf INTEGER) WITHOUT ROWID;"
    "CREATE TABLE attachment (device BLOB NOT NULL, n INTEGER NOT NULL, asset INTEGER NOT NULL,"
    " since_ms INTEGER NOT NULL, until_ms INTEGER, PRIMARY KEY (device, n)) WITHOUT ROWID;"
    "CREATE TABLE contract (opening BLOB PRIMARY KEY, definition BLOB NOT NULL,"
    " leaf INTEGER NOT NULL, opened_ms INTEGER NOT NULL, status INTEGER NOT NULL,"
    " status_ms INTEGER NOT NULL, replaced_by BLOB) WITHOUT ROWID;"
    "CREATE TABLE asset_contract (asset INTEGER NOT NULL, opening BLOB NOT NULL, state INTEGER,"
    " ended INTEGER, ending INTEGER, ended_ms INTEGER, PRIMARY KEY (asset, opening))"
    " WITHOUT ROWID;";

/* What happened in contracts. asset: NULL when the event named a set of assets, not one. */
static const char contract_tables[] =
    "CREATE TABLE definition_name (definition BLOB NOT NULL, kind INTEGER NOT NULL,"
    " n INTEGER NOT NULL, name TEXT NOT NULL, ending INTEGER, PRIMARY KEY (definition, kind, n))"
    " WITHOUT ROWID;"
    "CREATE TABLE contract_call (opening BLOB NOT NULL, n INTEGER NOT NULL, asset INTEGER,"
    " action TEXT NOT NULL, caller BLOB, leaf INTEGER, time_ms INTEGER NOT NULL,"
    " PRIMARY KEY (opening, n)) WITHOUT ROWID;"
    "CREATE TABLE contract_change (opening BLOB NOT NULL, n INTEGER NOT NULL, asset INTEGER,"
    " from_state INTEGER NOT NULL, to_state INTEGER NOT NULL, by TEXT NOT NULL, leaf INTEGER,"
    " time_ms INTEGER NOT NULL, PRIMARY KEY (opening, n)) WITHOUT ROWID;"
    "CREATE TABLE contract_document (opening BLOB NOT NULL, n INTEGER NOT NULL, asset INTEGER,"
    " name TEXT NOT NULL, hash BLOB NOT NULL, leaf INTEGER, time_ms INTEGER NOT NULL,"
    " PRIMARY KEY (opening, n)) WITHOUT ROWID;"
    "CREATE TABLE add_back (asset INTEGER NOT NULL, call BLOB NOT NULL, budget TEXT NOT NULL,"
    " opening BLOB NOT NULL, ms INTEGER NOT NULL, leaf INTEGER, time_ms INTEGER NOT NULL,"
    " undone_ms INTEGER, PRIMARY KEY (asset, call, budget)) WITHOUT ROWID;"
    "CREATE TABLE scan (asset INTEGER NOT NULL, n INTEGER NOT NULL, kid BLOB NOT NULL, place TEXT,"
    " leaf INTEGER, time_ms INTEGER NOT NULL, PRIMARY KEY (asset, n)) WITHOUT ROWID;"
    "CREATE TABLE not_judged (asset INTEGER NOT NULL, n INTEGER NOT NULL, opening BLOB NOT NULL,"
    " device BLOB NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, leaf INTEGER,"
    " PRIMARY KEY (asset, n)) WITHOUT ROWID;";

static const char govern_tables[] =
    "CREATE TABLE proposal (hash BLOB PRIMARY KEY, n INTEGER NOT NULL, leaf INTEGER,"
    " action INTEGER NOT NULL, proposer BLOB NOT NULL, proposed_ms INTEGER NOT NULL,"
    " status INTEGER NOT NULL, height INTEGER, status_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE ballot (proposal BLOB NOT NULL, n INTEGER NOT NULL, member BLOB NOT NULL,"
    " yes INTEGER NOT NULL, leaf INTEGER, time_ms INTEGER NOT NULL, rescinded_ms INTEGER,"
    " PRIMARY KEY (proposal, n)) WITHOUT ROWID;";

static const struct read_model_table table_list[] = {
    { "asset", "1" },
    { "shared_event", "1" },
    { "asset_event", "1, 2" },
    { "subject_event", "1, 2" },
    { "custody", "1, 2, 3" },
    { "excursion", "1, 2, 3, 4, 5" },
    { "charge", "1, 2, 3, 4, 5, 6" },
    { "product", "1, 2" },
    { "place", "1, 2" },
    { "party", "1, 2" },
    { "member", "1" },
    { "key", "1" },
    { "attachment", "1, 2" },
    { "contract", "1" },
    { "asset_contract", "1, 2" },
    { "definition_name", "1, 2, 3" },
    { "contract_call", "1, 2" },
    { "contract_change", "1, 2" },
    { "contract_document", "1, 2" },
    { "add_back", "1, 2, 3" },
    { "scan", "1, 2" },
    { "not_judged", "1, 2" },
    { "proposal", "1" },
    { "ballot", "1, 2" },
};

static const char *const view_names[] = {
    "asset_history",
    "custody_intervals",
    "excursions",
    "charges",
    "products",
    "places",
    "parties",
    "keys",
    "attachments",
    "contracts",
    "contract_calls",
    "contract_states",
    "add_backs",
    "scans",
    "contract_documents",
    "unjudged_readings",
    "proposals",
    "ballots",
};

static const char views[] =
    "CREATE VIEW asset_history AS SELECT x.asset, x.n, x.height, x.outcome, x.leaf, x.what,"
    " x.time_ms, strftime('%Y-%m-%dT%H:%M:%fZ', x.time_ms / 1000.0, 'unixepoch') AS time,"
    " hex(x.data) AS data FROM (SELECT a.name AS asset, e.n,"
    " coalesce(e.height, s.height) AS height, coalesce(e.outcome, s.outcome) AS outcome,"
    " coalesce(e.leaf, s.leaf) AS leaf, coalesce(e.what, s.what) AS what,"
    " coalesce(e.time_ms, s.time_ms) AS time_ms, coalesce(e.data, s.data) AS data"
    " FROM asset a JOIN asset_event e ON e.asset = a.id"
    " LEFT JOIN shared_event s ON s.id = e.shared) x;"
    "CREATE VIEW custody_intervals AS SELECT a.name AS asset,"
    " CASE c.role WHEN 0 THEN 'custodian' ELSE 'owner' END AS role,"
    " lower(hex(c.member)) AS member, c.since_ms, c.until_ms,"
    " strftime('%Y-%m-%dT%H:%M:%fZ', c.since_ms / 1000.0, 'unixepoch') AS since,"
    " strftime('%Y-%m-%dT%H:%M:%fZ', c.until_ms / 1000.0, 'unixepoch') AS until"
    " FROM custody c JOIN asset a ON a.id = c.asset;"
    "CREATE VIEW products AS SELECT gtin, name, brand, unit, lower(hex(image)) AS image, leaf"
    " FROM product p WHERE n = (SELECT max(n) FROM product WHERE gtin = p.gtin);"
    "CREATE VIEW places AS SELECT gln, name, lat, lon, zone, lower(hex(member)) AS member, leaf"
    " FROM place p WHERE n = (SELECT max(n) FROM place WHERE gln = p.gln);"
    "CREATE VIEW parties AS SELECT lower(hex(m.member)) AS member, coalesce((SELECT name FROM party"
    " WHERE member = m.member ORDER BY n DESC LIMIT 1), m.name) AS name FROM member m;"
    "CREATE VIEW keys AS SELECT lower(hex(kid)) AS kid, lower(hex(member)) AS member, class, name,"
    " leaf, enrolled_ms, revoked_ms, last_good_seq FROM key;"
    "CREATE VIEW attachments AS SELECT lower(hex(t.device)) AS device, a.name AS asset, t.since_ms,"
    " t.until_ms FROM attachment t JOIN asset a ON a.id = t.asset;";

#define RULE_NAME                                                                          \
    "(SELECT d.name FROM contract c JOIN definition_name d ON d.definition = c.definition" \
    " WHERE c.opening = x.opening AND d.kind = 0 AND d.n = x.rule)"
#define STATE_NAME                                                                         \
    "(SELECT d.name FROM contract c JOIN definition_name d ON d.definition = c.definition" \
    " WHERE c.opening = x.opening AND d.kind = 1 AND d.n = "
/* A contract that ended in failure may be taken up again: then its state is one that ends nothing. */
#define STATUS                                                                        \
    "CASE WHEN x.ended = 3 AND (SELECT d.ending FROM definition_name d"               \
    " WHERE d.definition = k.definition AND d.kind = 1 AND d.n = x.state) = 0 THEN 1" \
    " ELSE coalesce(x.ended, k.status) END"
#define ASSET_NAME "(SELECT name FROM asset WHERE id = x.asset)"

static const char contract_views[] =
    "CREATE VIEW excursions AS SELECT a.name AS asset, lower(hex(x.opening)) AS opening, x.rule,"
    " x.from_ms, x.to_ms, (x.to_ms - x.from_ms) / 1000 AS seconds, x.peak, x.exponent,"
    " x.revisions, " RULE_NAME " AS rule_name, lower(hex(x.device)) AS device, x.raised_ms,"
    " x.mean, x.mean_exponent, x.certain, x.acknowledged_ms, x.acknowledged_leaf"
    " FROM excursion x JOIN asset a ON a.id = x.asset;"
    "CREATE VIEW charges AS SELECT a.name AS asset, lower(hex(x.opening)) AS opening, x.rule,"
    " x.from_ms, lower(hex(x.member)) AS member, x.seconds, " RULE_NAME " AS rule_name,"
    " lower(hex(x.device)) AS device FROM charge x JOIN asset a ON a.id = x.asset;"
    "CREATE VIEW contracts AS SELECT a.name AS asset, lower(hex(k.opening)) AS opening,"
    " lower(hex(k.definition)) AS definition, CASE " STATUS
    " WHEN 0 THEN 'waiting' WHEN 1 THEN 'in force' WHEN 2 THEN 'lapsed' WHEN 3 THEN 'finished'"
    " ELSE 'replaced' END AS status, k.leaf, coalesce(x.ended_ms, k.status_ms) AS status_ms,"
    " CASE WHEN " STATUS " = 3 THEN CASE x.ending WHEN 1 THEN 'success' ELSE 'failure' END END"
    " AS ending, x.state,"
    " " STATE_NAME "x.state) AS state_name, lower(hex(k.replaced_by)) AS replaced_by"
    " FROM contract k JOIN asset_contract x ON x.opening = k.opening"
    " JOIN asset a ON a.id = x.asset;"
    "CREATE VIEW contract_calls AS SELECT lower(hex(x.opening)) AS opening, x.n,"
    " " ASSET_NAME " AS asset, x.action, lower(hex(x.caller)) AS caller, x.leaf, x.time_ms"
    " FROM contract_call x;"
    "CREATE VIEW contract_states AS SELECT lower(hex(x.opening)) AS opening, x.n,"
    " " ASSET_NAME " AS asset, x.from_state, x.to_state,"
    " " STATE_NAME "x.from_state) AS from_name,"
    " " STATE_NAME "x.to_state) AS to_name, x.by, x.leaf, x.time_ms FROM contract_change x;"
    "CREATE VIEW contract_documents AS SELECT lower(hex(x.opening)) AS opening, x.n,"
    " " ASSET_NAME " AS asset, x.name, lower(hex(x.hash)) AS hash, x.leaf, x.time_ms"
    " FROM contract_document x;"
    "CREATE VIEW add_backs AS SELECT a.name AS asset, x.budget, lower(hex(x.opening)) AS opening,"
    " x.ms / 1000 AS seconds, lower(hex(x.call)) AS call, x.leaf, x.time_ms, x.undone_ms"
    " FROM add_back x JOIN asset a ON a.id = x.asset;"
    "CREATE VIEW scans AS SELECT a.name AS asset, x.n, lower(hex(x.kid)) AS kid, x.place, x.leaf,"
    " x.time_ms FROM scan x JOIN asset a ON a.id = x.asset;"
    "CREATE VIEW unjudged_readings AS SELECT a.name AS asset, x.n,"
    " lower(hex(x.opening)) AS opening, lower(hex(x.device)) AS device, x.first_ms, x.last_ms,"
    " x.leaf FROM not_judged x JOIN asset a ON a.id = x.asset;";

static const char govern_views[] =
    "CREATE VIEW proposals AS SELECT lower(hex(hash)) AS proposal, leaf, action,"
    " lower(hex(proposer)) AS proposer, proposed_ms, CASE status WHEN 0 THEN 'open'"
    " WHEN 1 THEN 'passed' WHEN 2 THEN 'rejected' WHEN 3 THEN 'withdrawn' WHEN 4 THEN 'expired'"
    " WHEN 5 THEN 'applied' ELSE 'not applied' END AS status, height, status_ms FROM proposal;"
    "CREATE VIEW ballots AS SELECT lower(hex(proposal)) AS proposal, n,"
    " lower(hex(member)) AS member, yes, leaf, time_ms, rescinded_ms FROM ballot;";

#define EXCURSION_KEY                                                   \
    " WHERE asset = ?1 AND opening = ?2 AND rule = ?3 AND from_ms = ?4" \
    " AND device = ?5"

static const char *const sql[RM_SQL_COUNT] = {
    [RM_ASSET_FIND] = "SELECT id FROM asset WHERE name = ?1",
    [RM_ASSET_INSERT] = "INSERT INTO asset (name) VALUES (?1)",
    [RM_ASSET_NEXT] = "SELECT n + 1 FROM asset_event WHERE asset = ?1 ORDER BY n DESC LIMIT 1",
    [RM_ASSET_EVENT_INSERT] =
        "INSERT INTO asset_event VALUES (?1, ?2, NULL, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [RM_SHARED_EVENT_INSERT] = "INSERT INTO shared_event VALUES (?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [RM_RUN_EVENT_INSERT] = "INSERT INTO asset_event (asset, n, shared) SELECT id,"
                            " coalesce((SELECT n + 1 FROM asset_event WHERE asset = a.id"
                            " ORDER BY n DESC LIMIT 1), 0), ?3 FROM asset a"
                            " WHERE id BETWEEN ?1 AND ?2",
    [RM_SUBJECT_NEXT] = "SELECT n + 1 FROM subject_event WHERE subject = ?1"
                        " ORDER BY n DESC LIMIT 1",
    [RM_SUBJECT_EVENT_INSERT] =
        "INSERT INTO subject_event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [RM_CUSTODY_END] = "UPDATE custody SET until_ms = ?4 WHERE asset BETWEEN ?1 AND ?2"
                       " AND role = ?3 AND until_ms IS NULL",
    [RM_CUSTODY_INSERT] = "INSERT INTO custody SELECT id, ?3, coalesce((SELECT n + 1 FROM custody"
                          " WHERE asset = a.id AND role = ?3 ORDER BY n DESC LIMIT 1), 0), ?5, ?4,"
                          " NULL FROM asset a WHERE id BETWEEN ?1 AND ?2",
    [RM_EXCURSION_OPEN] = "INSERT INTO excursion (asset, opening, rule, from_ms, device, raised_ms)"
                          " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE"
                          " SET raised_ms = min(raised_ms, excluded.raised_ms)",
    [RM_EXCURSION_CLOSE] = "INSERT INTO excursion (asset, opening, rule, from_ms, device, to_ms,"
                           " peak, exponent, mean, mean_exponent, certain)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
                           " ON CONFLICT DO UPDATE SET to_ms = excluded.to_ms,"
                           " peak = excluded.peak, exponent = excluded.exponent,"
                           " mean = excluded.mean, mean_exponent = excluded.mean_exponent,"
                           " certain = excluded.certain",
    [RM_EXCURSION_REVISE] = "UPDATE excursion SET revisions = revisions + 1" EXCURSION_KEY,
    [RM_EXCURSION_VOID] = "DELETE FROM excursion" EXCURSION_KEY,
    [RM_EXCURSION_ACKNOWLEDGE] =
        "UPDATE excursion SET acknowledged_ms = ?6, acknowledged_leaf = ?7" EXCURSION_KEY,
    [RM_CHARGE_VOID] = "DELETE FROM charge" EXCURSION_KEY,
    [RM_CHARGE_INSERT] = "INSERT INTO charge VALUES (?1, ?2, ?3, ?4, ?5, (SELECT count(*)"
                         " FROM charge" EXCURSION_KEY "), ?6, ?7)",
    [RM_PRODUCT_INSERT] = "INSERT INTO product VALUES (?1, (SELECT count(*) FROM product"
                          " WHERE gtin = ?1), ?2, ?3, ?4, ?5, ?6, ?7)",
    [RM_PLACE_INSERT] = "INSERT INTO place VALUES (?1, (SELECT count(*) FROM place"
                        " WHERE gln = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [RM_PARTY_INSERT] = "INSERT INTO party VALUES (?1, (SELECT count(*) FROM party"
                        " WHERE member = ?1), ?2, ?3, ?4, ?5, ?6)",
    [RM_MEMBER_INSERT] = "INSERT INTO member (member, name) VALUES (?1, ?2)"
                         " ON CONFLICT DO NOTHING",
    [RM_KEY_INSERT] = "INSERT INTO key (kid, member, class, name, leaf, enrolled_ms)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    [RM_KEY_REVOKE] = "UPDATE key SET revoked_ms = ?2, last_good_seq = ?3, revoked_leaf = ?4"
                      " WHERE kid = ?1",
    [RM_KEY_MEMBER] = "SELECT member FROM key WHERE kid = ?1",
    [RM_KEY_NAME] = "SELECT name FROM key WHERE kid = ?1 AND name IS NOT NULL",
    [RM_KEYS_OF_CLASS] = "SELECT kid FROM key WHERE class = ?1 ORDER BY kid",
    [RM_MEMBER_REMOVE] = "UPDATE member SET removed_ms = ?2 WHERE member = ?1",
    [RM_MEMBERS] = "SELECT member FROM member ORDER BY member",
    [RM_PROPOSAL_INSERT] = "INSERT INTO proposal VALUES (?1, (SELECT count(*) FROM proposal), ?2,"
                           " ?3, ?4, ?5, 0, NULL, ?5) ON CONFLICT DO NOTHING",
    [RM_PROPOSAL_STATUS] = "UPDATE proposal SET status = ?2, height = coalesce(?3, height),"
                           " status_ms = ?4 WHERE hash = ?1",
    [RM_PROPOSALS] = "SELECT hash, leaf FROM proposal ORDER BY n DESC LIMIT ?1",
    [RM_PROPOSAL] = "SELECT leaf FROM proposal WHERE hash = ?1",
    [RM_BALLOT_INSERT] = "INSERT INTO ballot VALUES (?1, (SELECT count(*) FROM ballot"
                         " WHERE proposal = ?1), ?2, ?3, ?4, ?5, NULL)",
    [RM_BALLOT_RESCIND] = "UPDATE ballot SET rescinded_ms = ?3 WHERE proposal = ?1"
                          " AND member = ?2 AND rescinded_ms IS NULL",
    [RM_ATTACH] = "INSERT INTO attachment VALUES (?1, (SELECT count(*) FROM attachment"
                  " WHERE device = ?1), ?2, ?3, NULL)",
    [RM_DETACH] = "UPDATE attachment SET until_ms = ?2 WHERE device = ?1 AND until_ms IS NULL",
    [RM_CONTRACT_INSERT] = "INSERT INTO contract VALUES (?1, ?2, ?3, ?4, 0, ?4, NULL)"
                           " ON CONFLICT DO NOTHING",
    [RM_CONTRACT_STATUS] = "UPDATE contract SET status = ?2, status_ms = ?3 WHERE opening = ?1",
    [RM_CONTRACT_REPLACE] = "UPDATE contract SET replaced_by = ?2 WHERE opening = ?1",
    [RM_ASSET_CONTRACT_INSERT] = "INSERT INTO asset_contract (asset, opening) VALUES (?1, ?2)"
                                 " ON CONFLICT DO NOTHING",
    [RM_ASSET_CONTRACT_END] = "UPDATE asset_contract SET ended = ?3, ending = ?4, ended_ms = ?5"
                              " WHERE asset = ?1 AND opening = ?2",
    [RM_ASSET_CONTRACT_STATE] = "UPDATE asset_contract SET state = ?3"
                                " WHERE asset = ?1 AND opening = ?2",
    [RM_NAME_INSERT] = "INSERT INTO definition_name VALUES (?1, ?2, ?3, ?4, ?5)"
                       " ON CONFLICT DO NOTHING",
    [RM_CALL_INSERT] = "INSERT INTO contract_call VALUES (?1, (SELECT count(*) FROM contract_call"
                       " WHERE opening = ?1), ?2, ?3, ?4, ?5, ?6)",
    [RM_CHANGE_INSERT] = "INSERT INTO contract_change VALUES (?1, (SELECT count(*)"
                         " FROM contract_change WHERE opening = ?1), ?2, ?3, ?4, ?5, ?6, ?7)",
    [RM_DOCUMENT_INSERT] = "INSERT INTO contract_document VALUES (?1, (SELECT count(*)"
                           " FROM contract_document WHERE opening = ?1), ?2, ?3, ?4, ?5, ?6)",
    [RM_ADD_BACK_INSERT] = "INSERT INTO add_back VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)"
                           " ON CONFLICT DO NOTHING",
    [RM_ADD_BACK_UNDO] = "UPDATE add_back SET undone_ms = ?4"
                         " WHERE asset = ?1 AND call = ?2 AND budget = ?3",
    [RM_SCAN_INSERT] = "INSERT INTO scan VALUES (?1, (SELECT count(*) FROM scan"
                       " WHERE asset = ?1), ?2, ?3, ?4, ?5)",
    [RM_NOT_JUDGED_INSERT] = "INSERT INTO not_judged VALUES (?1, (SELECT count(*) FROM not_judged"
                             " WHERE asset = ?1), ?2, ?3, ?4, ?5, ?6)",
    [RM_EVENTS] = "SELECT e.n, coalesce(e.height, s.height), coalesce(e.outcome, s.outcome),"
                  " coalesce(e.event, s.event), coalesce(e.leaf, s.leaf),"
                  " coalesce(e.what, s.what), coalesce(e.time_ms, s.time_ms),"
                  " coalesce(e.data, s.data) FROM asset_event e"
                  " LEFT JOIN shared_event s ON s.id = e.shared"
                  " WHERE e.asset = ?1 AND e.n >= ?2 ORDER BY e.n LIMIT ?3",
    [RM_ASSETS] = "SELECT name FROM asset WHERE name > ?1 ORDER BY name LIMIT ?2",
    [RM_DOCUMENTS] = "SELECT DISTINCT leaf FROM contract_document WHERE hash = ?1"
                     " AND leaf IS NOT NULL ORDER BY leaf DESC LIMIT ?2",
    [RM_PARTY_NAME] = "SELECT coalesce((SELECT name FROM party WHERE member = ?1"
                      " ORDER BY n DESC LIMIT 1), (SELECT name FROM member WHERE member = ?1))",
    [RM_PRODUCT] = "SELECT name, brand, unit, leaf FROM product WHERE gtin = ?1"
                   " ORDER BY n DESC LIMIT 1",
    [RM_PLACE] =
        "SELECT name, zone, leaf, lat, lon FROM place WHERE gln = ?1 ORDER BY n DESC LIMIT 1",
};

const char *read_model_schema_sql(enum read_model_sql which)
{
    assert((size_t)which < RM_SQL_COUNT && sql[which] != NULL);
    return sql[which];
}

const struct read_model_table *read_model_schema_table(size_t n)
{
    size_t own = sizeof table_list / sizeof table_list[0];
    return n < own ? &table_list[n] : read_model_goods_table(n - own);
}

bool read_model_schema_create(struct db *db, struct err *err)
{
    return db_exec(db, tables, err) && db_exec(db, contract_tables, err) &&
           db_exec(db, govern_tables, err) && db_exec(db, govern_views, err) &&
           db_exec(db, views, err) && db_exec(db, contract_views, err) &&
           read_model_goods_create(db, err);
}

bool read_model_migrate(struct db *db, struct err *err)
{
    return read_model_schema_drop(db, err) && read_model_schema_create(db, err) &&
           db_exec(db, "CREATE TABLE " DUE " (x)", err);
}

bool read_model_is_due(struct db *db, bool *ret_due, struct err *err)
{
    struct db_stmt *find = NULL;
    if (!db_prepare(db, "SELECT 1 FROM sqlite_master WHERE name = '" DUE "'", &find, err))
        return false;
    enum db_row row = db_step(find, err);
    *ret_due = row == DB_ROW;
    db_stmt_free(find);
    return row != DB_ERROR;
}

static bool drop(struct db *db, const char *what, const char *name, struct err *err)
{
    char text[96];
    (void)snprintf(text, sizeof text, "DROP %s IF EXISTS %s", what, name);
    return db_exec(db, text, err);
}

bool read_model_schema_drop(struct db *db, struct err *err)
{
    for (size_t i = 0; i < sizeof view_names / sizeof view_names[0]; i++)
        if (!drop(db, "VIEW", view_names[i], err))
            return false;
    for (size_t i = 0; read_model_goods_view(i) != NULL; i++)
        if (!drop(db, "VIEW", read_model_goods_view(i), err))
            return false;
    for (size_t i = 0; read_model_schema_table(i) != NULL; i++)
        if (!drop(db, "TABLE", read_model_schema_table(i)->name, err))
            return false;
    return drop(db, "TABLE", DUE, err);
}
