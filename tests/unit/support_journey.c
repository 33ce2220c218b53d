/* The sample journey of support_ledger: what a real one would put into its blocks, event by event. */
#include "tests/unit/support_ledger.h"

#include "common/state_key.h"
#include "common/state_value.h"
#include "tests/unit/support_contract.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE UINT64_C(60000)
#define HOUR   (60 * MINUTE)
#define AT(h)  (LEDGER_T0 + (uint64_t)((h)*60) * MINUTE)

static const char contract_yaml[] = "contract: vaccine-2-8\n"
                                    "version: 1\n"
                                    "summary: Keep vaccines between 2 °C and 8 °C.\n"
                                    "roles:\n"
                                    "  shipper: packs the goods\n"
                                    "  clinic: receives them\n"
                                    "parties:\n"
                                    "  sender: shipper\n"
                                    "  receiver: clinic\n"
                                    "terms:\n"
                                    "  coldest: 2 °C\n"
                                    "  warmest: 8 °C\n"
                                    "maximum gap: 30 min\n"
                                    "watch:\n"
                                    "  too warm:\n"
                                    "    when: temperature > warmest\n"
                                    "    for: 10 min\n"
                                    "    severity: high\n"
                                    "  too cold:\n"
                                    "    when: temperature < coldest\n"
                                    "    for: 10 min\n"
                                    "    severity: high\n";

static struct asset_set unit_set(struct buf *memory)
{
    buf_clear(memory);
    return asset_set_one(LEDGER_UNIT, memory);
}

static void add_enrolment(struct ledger *l)
{
    uint8_t memory[ENROL_REQUEST_MAX], rights[8], token[HALF_SIZE] = { 1 };
    struct buf request = buf_fixed(memory, sizeof memory), raw = buf_fixed(rights, sizeof rights);
    struct statement s = { .kind = KIND_ENROL };
    enrol_request_sign(&l->device, &l->id, &l->farm.kid, token, &request);
    cbor_put_array(&raw, 2);
    cbor_put_uint(&raw, PROPERTY_TEMPERATURE);
    cbor_put_uint(&raw, PROPERTY_HUMIDITY);
    s.as.enrol = (struct enrol){ buf_slice(&request), CLASS_DEVICE, buf_slice(&raw),
                                 slice_text("logger 1") };
    (void)ledger_add(l, &l->farm, AT(0), s);
    ledger_event_bytes(l, EVENT_ENROLLED, kid_slice(&l->device.kid), AT(0), "u",
                       (uint64_t)CLASS_DEVICE);
}

static void add_master_data(struct ledger *l)
{
    struct statement s = { .kind = KIND_PRODUCT };
    s.as.product = (struct product){ .gtin = slice_text("09506000134352"),
                                     .name = slice_text("Measles vaccine, 10 doses"),
                                     .brand = slice_text("Immuna"),
                                     .unit = slice_text("vial") };
    struct hash h = ledger_add(l, &l->farm, AT(0) + 1000, s);
    ledger_event_bytes(l, EVENT_MASTER_DATA, hash_slice(&h), AT(0) + 1000, "t", "09506000134352");
    s = (struct statement){ .kind = KIND_PARTY };
    s.as.party = (struct party){ .member = l->carrier.kid, .name = slice_text("Carrier B, Lyon") };
    h = ledger_add(l, &l->carrier, AT(0) + 2000, s);
    ledger_event_bytes(l, EVENT_MASTER_DATA, hash_slice(&h), AT(0) + 2000, "k", &l->carrier.kid);
}

/* The opening, its parties' agreement left out, and what the state then holds. */
static struct hash add_contract(struct ledger *l, struct buf *memory)
{
    struct support_contract *contract = calloc(1, sizeof *contract);
    uint8_t party_bytes[128], definition_bytes[DEFINITION_MAX_BYTES + 8];
    struct buf parties = buf_fixed(party_bytes, sizeof party_bytes);
    struct buf definition = buf_fixed(definition_bytes, sizeof definition_bytes);
    struct buf value = buf_heap(STATE_VALUE_MAX);
    struct statement s = { .kind = KIND_OPEN };
    assert(contract != NULL);
    support_contract_make(contract_yaml, contract);
    struct slice compiled = slice_of(contract->bytes, contract->len);
    cbor_put_map(&parties, 2);
    cbor_put_text(&parties, slice_text("sender"));
    kid_put(&parties, &l->farm.kid);
    cbor_put_text(&parties, slice_text("receiver"));
    kid_put(&parties, &l->clinic.kid);
    s.as.open = (struct open){ .definition = definition_hash(compiled),
                               .parties = buf_slice(&parties),
                               .terms = slice_of("\xa0", 1),
                               .assets = unit_set(memory),
                               .expires_ms = AT(24),
                               .compiled = compiled };
    struct hash opening = ledger_add(l, &l->farm, AT(0) + 4000, s);
    ledger_event_raw(l, EVENT_OPENED, s.as.open.assets.raw, AT(0) + 4000, "h", &opening);
    ledger_event_raw(l, EVENT_IN_FORCE, s.as.open.assets.raw, AT(0) + 5000, "h", &opening);
    struct state_key key = state_key_hash(TABLE_DEFINITION, &s.as.open.definition);
    cbor_put_bytes(&definition, compiled);
    ledger_put_state(l, state_key_slice(&key), buf_slice(&definition));
    key = state_key_hash(TABLE_INSTANCE, &opening);
    struct state_instance instance = { .definition = s.as.open.definition,
                                       .status = INSTANCE_IN_FORCE };
    state_instance_put(&value, &instance);
    ledger_put_state(l, state_key_slice(&key), buf_slice(&value));
    buf_free(&value);
    free(contract);
    return opening;
}

static void add_handover(struct ledger *l, const struct key_pair *from, const struct key_pair *to,
                         uint64_t time_ms, struct buf *memory)
{
    struct statement s = { .kind = KIND_CUSTODY };
    s.as.custody = (struct custody){ .assets = unit_set(memory),
                                     .action = CUSTODY_OFFER,
                                     .to = to->kid,
                                     .condition = slice_text("seal intact") };
    struct hash offer = ledger_add(l, from, time_ms - 30000, s);
    ledger_event(l, EVENT_OFFERED, LEDGER_UNIT, time_ms - 30000, "kku", &from->kid, &to->kid,
                 UINT64_C(0));
    s.as.custody.action = CUSTODY_ACCEPT;
    s.as.custody.offer = offer;
    s.as.custody.to = (struct kid){ { 0 } };
    (void)ledger_add(l, to, time_ms, s);
    ledger_event(l, EVENT_PASSED, LEDGER_UNIT, time_ms, "hkku", &offer, &from->kid, &to->kid,
                 UINT64_C(0));
}

/* Minutes from 06:00: 4 to 6 degrees, from 10:00 to 11:00 up to 9.1. */
static int temperature(unsigned minute)
{
    int wave = (int)(minute % 240) - 120;
    int calm = 450 + (wave < 0 ? -wave : wave) + (int)(minute * 7 % 5);
    if (minute < 240 || minute >= 300)
        return calm;
    int into = (int)minute - 240;
    return 820 + (into < 30 ? into * 3 : (60 - into) * 3);
}

static void add_hour(struct ledger *l, unsigned hour, const struct hash *opening)
{
    int values[60];
    for (unsigned i = 0; i < 60; i++)
        values[i] = temperature(hour * 60 + i);
    uint64_t last = AT(hour) + 59 * MINUTE;
    (void)ledger_add_readings(l, last, values, 60);
    ledger_event(l, EVENT_RECORDED, LEDGER_UNIT, last, "kuu", &l->device.kid, AT(hour), last);
    if (hour == 4)
        ledger_event(l, EVENT_EXCURSION_OPENED, LEDGER_UNIT, AT(4) + 10 * MINUTE, "uuhk",
                     UINT64_C(0), AT(4), opening, &l->device.kid);
    if (hour != 5)
        return;
    ledger_event(l, EVENT_EXCURSION_CLOSED, LEDGER_UNIT, AT(5), "uuuiihkiib", UINT64_C(0), AT(4),
                 AT(5), INT64_C(910), INT64_C(-2), opening, &l->device.kid, INT64_C(8650),
                 INT64_C(-3), 1);
    ledger_event(l, EVENT_CHARGED, LEDGER_UNIT, AT(5), "ukuuhk", UINT64_C(0), &l->farm.kid,
                 UINT64_C(1200), AT(4), opening, &l->device.kid);
    ledger_event(l, EVENT_CHARGED, LEDGER_UNIT, AT(5), "ukuuhk", UINT64_C(0), &l->carrier.kid,
                 UINT64_C(2400), AT(4), opening, &l->device.kid);
}

struct hash ledger_journey(struct ledger *l)
{
    uint8_t memory[128];
    struct buf set = buf_fixed(memory, sizeof memory);
    struct statement s = { .kind = KIND_COMMISSION };
    add_enrolment(l);
    add_master_data(l);
    s.as.commission.assets = unit_set(&set);
    (void)ledger_add(l, &l->farm, AT(0) + 3000, s);
    ledger_event(l, EVENT_COMMISSIONED, LEDGER_UNIT, AT(0) + 3000, "k", &l->farm.kid);
    struct hash opening = add_contract(l, &set);
    s = (struct statement){ .kind = KIND_ATTACH };
    s.as.attach = (struct attach){ .device = l->device.kid, .asset = slice_text(LEDGER_UNIT) };
    (void)ledger_add(l, &l->farm, AT(0) + 6000, s);
    ledger_event(l, EVENT_ATTACHED, LEDGER_UNIT, AT(0) + 6000, "k", &l->device.kid);
    ledger_seal(l, AT(0) + 10000);
    for (unsigned hour = 0; hour < 24; hour++) {
        if (hour == 4)
            add_handover(l, &l->farm, &l->carrier, AT(4) + 20 * MINUTE, &set);
        if (hour == 13)
            add_handover(l, &l->carrier, &l->clinic, AT(12) + 40 * MINUTE, &set);
        add_hour(l, hour, &opening);
        ledger_seal(l, AT(hour + 1));
    }
    return opening;
}
