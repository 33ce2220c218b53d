#include "common/event_govern.h"

#include "common/cose.h"
#include "common/custody.h"
#include "common/enrol.h"
#include "common/node_record.h"

static struct cbor_reader begin(struct slice data, size_t items)
{
    struct cbor_reader r = cbor_reader(data);
    cbor_take_array_of(&r, items);
    return r;
}

bool event_govern_proposed(struct slice data, struct event_proposed *ret_data)
{
    struct cbor_reader r = begin(data, 2);
    ret_data->action = (enum govern_action)cbor_take_int_in(&r, ACTION_ADD_MEMBER, ACTION_LAST);
    ret_data->member = kid_take(&r);
    return cbor_done(&r);
}

bool event_govern_ballot(struct slice data, struct event_ballot *ret_data)
{
    struct cbor_reader r = begin(data, 2);
    ret_data->member = kid_take(&r);
    ret_data->yes = cbor_take_bool(&r);
    return cbor_done(&r);
}

bool event_govern_number(struct slice data, uint64_t *ret_number)
{
    struct cbor_reader r = begin(data, 1);
    *ret_number = cbor_take_uint(&r);
    return cbor_done(&r);
}

bool event_govern_member_added(struct slice data, struct slice *ret_name)
{
    struct cbor_reader r = begin(data, 1);
    *ret_name = cbor_take_text(&r, 1, NAME_MAX_BYTES);
    return cbor_done(&r);
}

static bool take_kid(struct cbor_reader *r, struct kid *ret_kid)
{
    if (cbor_peek(r) == CBOR_NULL) {
        cbor_take_null(r);
        return false;
    }
    *ret_kid = kid_take(r);
    return true;
}

bool event_govern_set_changed(struct slice data, struct event_set_changed *ret_data)
{
    struct cbor_reader r = begin(data, 3);
    struct event_set_changed c = { .has_in = false };
    c.has_in = take_kid(&r, &c.in);
    c.has_out = take_kid(&r, &c.out);
    cbor_take_fixed(&r, c.next.bytes, HASH_SIZE);
    *ret_data = c;
    return cbor_done(&r) && (c.has_in || c.has_out);
}

bool event_govern_evidence(struct slice data, struct event_evidence *ret_data)
{
    struct cbor_reader r = begin(data, 3);
    ret_data->type = cbor_take_uint(&r);
    ret_data->height = cbor_take_uint(&r);
    ret_data->round = cbor_take_uint(&r);
    return cbor_done(&r);
}

bool event_govern_node(struct slice data, struct event_node *ret_data)
{
    struct cbor_reader r = begin(data, 2);
    ret_data->broker = cbor_take_text(&r, 1, NODE_ADDRESS_MAX);
    ret_data->url = cbor_take_text(&r, 1, NODE_ADDRESS_MAX);
    return cbor_done(&r);
}

bool event_govern_authorised(struct slice data, struct event_authorised *ret_data)
{
    struct cbor_reader r = begin(data, 3);
    ret_data->member = kid_take(&r);
    ret_data->from_height = cbor_take_uint(&r);
    ret_data->until_ms = cbor_take_uint_max(&r, TIME_MAX_MS);
    return cbor_done(&r);
}

bool event_govern_recovered(struct slice data, uint64_t *ret_class, struct kid *ret_member)
{
    struct cbor_reader r = begin(data, 2);
    *ret_class = cbor_take_uint_max(&r, CLASS_AUDITOR);
    *ret_member = kid_take(&r);
    return cbor_done(&r);
}
