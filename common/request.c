#include "common/request.h"

#include "common/custody.h"

#include <string.h>

#define DOMAIN "waybill/1/request" /* signed with its terminating zero */

/* ------------------------------------------------------------------ addresses */

/* Letters, digits, dots, dashes; an IPv6 address in brackets. */
static bool is_host(struct slice host)
{
    bool six = host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    for (size_t i = six ? 1 : 0; i < host.len - (six ? 1 : 0); i++) {
        uint8_t c = host.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '.' || c == '-' || c == '_';
        if (!plain && !(six && c == ':'))
            return false;
    }
    return host.len > 0;
}

static bool is_port(struct slice text)
{
    unsigned port = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || i == 5)
            return false;
        port = 10 * port + (unsigned)(text.data[i] - '0');
    }
    return port >= 1 && port <= UINT16_MAX && text.data[0] != '0';
}

static bool is_address(struct slice text)
{
    size_t colon = text.len;
    while (colon > 0 && text.data[colon - 1] != ':')
        colon--;
    return colon > 0 && text.len <= REQUEST_ADDRESS_MAX &&
           is_host(slice_from(text, 0, colon - 1)) &&
           is_port(slice_from(text, colon, text.len - colon));
}

bool request_check_broker(struct slice broker, struct err *err)
{
    return is_address(broker) ||
           err_set(err, ERR_INPUT, "expected an address such as node.example:8883, found \"%.*s\"",
                   (int)(broker.len < 80 ? broker.len : 80), (const char *)broker.data);
}

bool request_check_url(struct slice url, struct err *err)
{
    static const char scheme[] = "https://";
    size_t len = sizeof scheme - 1;
    return (url.len > len && memcmp(url.data, scheme, len) == 0 &&
            is_address(slice_from(url, len, url.len - len))) ||
           err_set(err, ERR_INPUT,
                   "expected a URL such as https://node.example:8643, found \"%.*s\"",
                   (int)(url.len < 80 ? url.len : 80), (const char *)url.data);
}

/* ------------------------------------------------------------------ writing */

static void put_facts(struct buf *out, const struct request *q, const struct request_keys *keys)
{
    cbor_put_uint(out, 1);
    cbor_put_text(out, q->name);
    key_put_cose(out, keys->member->pub);
    if (keys->authority == NULL) {
        cbor_put_null(out);
        cbor_put_null(out);
        return;
    }
    key_put_cose(out, keys->authority->pub);
    cbor_put_array(out, 3);
    cbor_put_text(out, q->broker);
    cbor_put_text(out, q->url);
    cbor_put_bytes(out, q->certificate);
}

static void put_message(struct buf *out, struct slice facts)
{
    buf_add(out, DOMAIN, sizeof DOMAIN);
    cbor_put_array(out, 5);
    buf_add_slice(out, facts);
}

static void put_signature(struct buf *out, struct slice message, const struct key_pair *key)
{
    uint8_t sig[SIG_SIZE];
    crypto_ed25519_sign(message, key->secret, sig);
    cbor_put_bytes(out, slice_of(sig, sizeof sig));
}

void request_put(struct buf *out, const struct request *q, const struct request_keys *keys)
{
    uint8_t facts_memory[REQUEST_SIZE_MAX], message_memory[REQUEST_SIZE_MAX];
    struct buf facts = buf_fixed(facts_memory, sizeof facts_memory);
    struct buf message = buf_fixed(message_memory, sizeof message_memory);
    put_facts(&facts, q, keys);
    put_message(&message, buf_slice(&facts));
    cbor_put_array(out, q->joins ? 8 : 7);
    buf_add_slice(out, buf_slice(&facts));
    put_signature(out, buf_slice(&message), keys->member);
    if (keys->authority != NULL)
        put_signature(out, buf_slice(&message), keys->authority);
    else
        cbor_put_null(out);
    if (q->joins) {
        cbor_put_array(out, 2);
        cbor_put_bytes(out, q->member_enrolment);
        if (keys->authority != NULL)
            cbor_put_bytes(out, q->authority_enrolment);
        else
            cbor_put_null(out);
    }
    out->failed = out->failed || facts.failed || message.failed;
}

/* ------------------------------------------------------------------ reading */

static bool take_null(struct cbor_reader *r)
{
    bool null = cbor_peek(r) == CBOR_NULL;
    if (null)
        cbor_take_null(r);
    return null;
}

struct signatures {
    struct slice facts;
    const uint8_t *member, *authority;
};

static void take_node(struct cbor_reader *r, struct request *q)
{
    q->has_node = !take_null(r);
    if (!q->has_node) {
        cbor_take_null(r);
        return;
    }
    key_take_cose(r, q->authority);
    cbor_take_array_of(r, 3);
    q->broker = cbor_take_text(r, 1, REQUEST_ADDRESS_MAX);
    q->url = cbor_take_text(r, 1, REQUEST_ADDRESS_MAX);
    q->certificate = cbor_take_bytes(r, 1, REQUEST_CERTIFICATE_MAX);
}

static void take_enrolments(struct cbor_reader *r, struct request *q)
{
    cbor_take_array_of(r, 2);
    q->member_enrolment = cbor_take_bytes(r, 1, ENROL_REQUEST_MAX);
    if (q->has_node)
        q->authority_enrolment = cbor_take_bytes(r, 1, ENROL_REQUEST_MAX);
    else
        cbor_take_null(r);
}

static void take(struct cbor_reader *r, struct request *q, struct signatures *s)
{
    size_t count = cbor_take_array(r), start = r->pos;
    (void)cbor_take_int_in(r, 1, 1);
    q->name = cbor_take_text(r, 1, NAME_MAX_BYTES);
    key_take_cose(r, q->member);
    take_node(r, q);
    s->facts = slice_from(r->in, start, r->failed ? 0 : r->pos - start);
    s->member = cbor_take_bytes(r, SIG_SIZE, SIG_SIZE).data;
    if (q->has_node)
        s->authority = cbor_take_bytes(r, SIG_SIZE, SIG_SIZE).data;
    else
        cbor_take_null(r);
    q->joins = count == 8;
    if (q->joins)
        take_enrolments(r, q);
    else if (count != 7)
        cbor_fail(r);
}

static bool check_signatures(const struct request *q, const struct signatures *s, struct err *err)
{
    uint8_t memory[REQUEST_SIZE_MAX + sizeof DOMAIN];
    struct buf message = buf_fixed(memory, sizeof memory);
    put_message(&message, s->facts);
    if (!crypto_ed25519_verify(buf_slice(&message), s->member, q->member))
        return err_set(err, ERR_PROOF, "request: the member key's signature does not hold");
    return !q->has_node || crypto_ed25519_verify(buf_slice(&message), s->authority, q->authority) ||
           err_set(err, ERR_PROOF, "request: the authority key's signature does not hold");
}

/* Its key proves itself. */
static bool check_enrolment(struct slice bytes, const uint8_t pub[PUB_SIZE],
                            struct enrol_request *ret_enrolment, struct err *err)
{
    if (!enrol_request_parse(bytes, ret_enrolment, err))
        return err_wrap(err, "request");
    return (memcmp(ret_enrolment->pub, pub, PUB_SIZE) == 0 &&
            enrol_request_verify(ret_enrolment)) ||
           err_set(err, ERR_PROOF, "request: an enrolment in it is not of its own keys");
}

static bool check_enrolments(const struct request *q, struct err *err)
{
    struct enrol_request member, authority;
    if (!q->joins)
        return true;
    if (!check_enrolment(q->member_enrolment, q->member, &member, err))
        return false;
    if (!q->has_node)
        return true;
    return check_enrolment(q->authority_enrolment, q->authority, &authority, err) &&
           ((hash_equal(&member.ledger, &authority.ledger) &&
             kid_equal(&member.sponsor, &authority.sponsor)) ||
            err_set(err, ERR_PROOF,
                    "request: its enrolments are for different ledgers or members"));
}

bool request_decode(struct slice bytes, struct request *ret_request, struct err *err)
{
    struct request q = { .has_node = false };
    struct signatures s = { .member = NULL };
    if (bytes.len > REQUEST_SIZE_MAX)
        return err_set(err, ERR_INPUT, "request: %zu bytes, more than the %d allowed", bytes.len,
                       REQUEST_SIZE_MAX);
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "request");
    struct cbor_reader r = cbor_reader(bytes);
    take(&r, &q, &s);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "request: no request of a member");
    if (q.has_node && memcmp(q.member, q.authority, PUB_SIZE) == 0)
        return err_set(err, ERR_INPUT, "request: one key cannot be member and authority");
    if (q.has_node && (!request_check_broker(q.broker, err) || !request_check_url(q.url, err)))
        return err_wrap(err, "request");
    if (!check_signatures(&q, &s, err) || !check_enrolments(&q, err))
        return false;
    *ret_request = q;
    return true;
}

bool request_is_for(const struct request *q, const struct hash *ledger)
{
    struct enrol_request enrolment;
    return enrol_request_parse(q->member_enrolment, &enrolment, NULL) &&
           hash_equal(&enrolment.ledger, ledger);
}

struct kid request_sponsor(const struct request *q)
{
    struct enrol_request enrolment;
    return enrol_request_parse(q->member_enrolment, &enrolment, NULL) ? enrolment.sponsor
                                                                      : key_kid(q->member);
}
