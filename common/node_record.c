#include "common/node_record.h"

#include <string.h>

#define SCHEME "https://"

static bool is_host_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '[' || c == ']' || c == ':';
}

/* host:port, the host a name or an address (IPv6 in brackets), the port in decimal. */
static bool is_endpoint(struct slice text)
{
    size_t colon = text.len;
    while (colon > 0 && text.data[colon - 1] != ':')
        colon--;
    if (colon < 2 || text.len == colon || text.len - colon > 5 || text.data[colon] == '0')
        return false;
    for (size_t i = 0; i < colon; i++)
        if (!is_host_byte(text.data[i]))
            return false;
    unsigned port = 0;
    for (size_t i = colon; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text.data[i] - '0');
    }
    return port <= 65535;
}

static bool is_url(struct slice text)
{
    const size_t scheme = sizeof SCHEME - 1;
    return text.len > scheme && memcmp(text.data, SCHEME, scheme) == 0 &&
           is_endpoint(slice_from(text, scheme, text.len - scheme));
}

bool node_record_is_valid(const struct node_record *n, struct err *err)
{
    if (n->broker.len > NODE_ADDRESS_MAX || !is_endpoint(n->broker))
        return err_set(err, ERR_INPUT,
                       "the broker's address: expected \"host:port\", at most %d bytes",
                       NODE_ADDRESS_MAX);
    if (n->url.len > NODE_ADDRESS_MAX || !is_url(n->url))
        return err_set(err, ERR_INPUT,
                       "the node's URL: expected \"https://host:port\", at most %d bytes",
                       NODE_ADDRESS_MAX);
    if (n->certificate.len == 0 || n->certificate.len > NODE_CERTIFICATE_MAX)
        return err_set(err, ERR_INPUT, "the certificate: %zu bytes, expected 1-%d",
                       n->certificate.len, NODE_CERTIFICATE_MAX);
    return true;
}

static void take_record(struct cbor_reader *r, struct node_record *n, struct fields *f)
{
    if (f != NULL)
        fields_need(f, 5);
    n->broker = cbor_take_text(r, 1, NODE_ADDRESS_MAX);
    if (f != NULL)
        fields_need(f, 6);
    n->url = cbor_take_text(r, 1, NODE_ADDRESS_MAX);
    if (f != NULL)
        fields_need(f, 7);
    n->certificate = cbor_take_bytes(r, 1, NODE_CERTIFICATE_MAX);
    if (!r->failed && !node_record_is_valid(n, NULL))
        cbor_fail(r);
}

void node_announce_take(struct fields *f, struct node_announce *ret_announce)
{
    struct node_announce n = { .enter = false };
    take_record(f->r, &n.record, f);
    n.enter = fields_has(f, 8);
    if (n.enter && !cbor_take_bool(f->r))
        cbor_fail(f->r);
    *ret_announce = n;
}

size_t node_announce_pairs(const struct node_announce *n)
{
    return 3 + (size_t)n->enter;
}

void node_announce_put(struct buf *out, const struct node_announce *n)
{
    cbor_put_int(out, 5);
    cbor_put_text(out, n->record.broker);
    cbor_put_int(out, 6);
    cbor_put_text(out, n->record.url);
    cbor_put_int(out, 7);
    cbor_put_bytes(out, n->record.certificate);
    if (n->enter) {
        cbor_put_int(out, 8);
        cbor_put_bool(out, true);
    }
}

void node_record_put(struct buf *out, const struct node_record *n)
{
    cbor_put_array(out, 3);
    cbor_put_text(out, n->broker);
    cbor_put_text(out, n->url);
    cbor_put_bytes(out, n->certificate);
}

bool node_record_take(struct slice value, struct node_record *ret_record)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 3);
    take_record(&r, ret_record, NULL);
    return cbor_done(&r);
}

struct hash node_record_fingerprint(const struct node_record *n)
{
    return crypto_sha256(n->certificate);
}
