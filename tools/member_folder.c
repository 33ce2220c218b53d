#include "tools/member_folder.h"

#include "common/custody.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/keyfile.h"
#include "common/tls_certificate.h"
#include "tools/cmd_home.h"
#include "tools/listening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool member_folder_path(const char *dir, const char *name, char path[PATH_MAX], struct err *err)
{
    return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", dir);
}

/* ------------------------------------------------------------------ configuration */

/* The name stands in a comment: line ends cannot be in it, for names on the ledger have none. */
static void put_text(struct buf *out, const char *text)
{
    buf_add_slice(out, slice_text(text));
}

static void put_listening(struct buf *out, const char *section, const struct listening *place)
{
    char line[BROKER_HOST_SIZE + 64];
    const char *quote = strchr(place->host, ':') != NULL ? "\"" : "";
    (void)snprintf(line, sizeof line, "  %s:\n    host: %s%s%s\n    port: %u\n", section, quote,
                   place->host, quote, place->port);
    put_text(out, line);
}

/* Before anything is made: what cannot be listened to would be a folder that cannot be used. */
static bool choose_listening(const struct member_plan *p, struct listening *ret_broker,
                             struct listening *ret_http, struct err *err)
{
    return (listening_choose(p->broker, p->listen, ret_broker, err) || err_wrap(err, "--broker")) &&
           (listening_choose(p->url, p->listen, ret_http, err) || err_wrap(err, "--url"));
}

static bool write_config(const struct member_plan *p, struct err *err)
{
    char path[PATH_MAX], line[256];
    struct listening broker, http;
    if (!choose_listening(p, &broker, &http, err))
        return false;
    struct buf out = buf_heap(8192);
    put_text(&out, "# The node of ");
    put_text(&out, p->name);
    put_text(&out, ". Paths start at this file's folder.\ndata: node\nkey: node/authority.key\n");
    (void)snprintf(
        line, sizeof line,
        "broker:                # for devices: its own, on loopback; give host and port "
        "to use another\n  port: %u%s\nhttp:                  # for people and programs\n"
        "  host: 127.0.0.1\n  port: %u\n",
        p->devices_port, p->devices_port == 0 ? "              # any free one" : "", p->http_port);
    put_text(&out, line);
    put_text(&out, "peers:                 # where the other members' nodes reach this one\n");
    put_listening(&out, "broker", &broker);
    put_listening(&out, "http", &http);
    put_text(&out, "  certificate: tls.crt\n  key: tls.key\n"
                   "consensus:\n  t0: 1 s\n"
                   "block:\n  period: 500 ms\n  empty every: 60 s\n");
    bool good = member_folder_path(p->dir, "node.yaml", path, err) &&
                file_create(path, buf_slice(&out), 0644, err);
    buf_free(&out);
    return good;
}

/* ------------------------------------------------------------------ making */

struct made {
    struct key_pair member, authority;
    struct buf certificate, member_enrolment, authority_enrolment;
};

/* Its own folder of keys, and none of the files that come last. */
static bool is_half_made(const char *dir)
{
    static const char *const last[] = { "request.cbor", "enrolment.cose", "identity.cbor" };
    char path[PATH_MAX];
    bool half = member_folder_path(dir, "keys", path, NULL) && file_exists(path);
    for (size_t i = 0; i < sizeof last / sizeof last[0] && half; i++)
        half = member_folder_path(dir, last[i], path, NULL) && !file_exists(path);
    return half;
}

static bool make_folders(const struct member_plan *p, struct err *err)
{
    char keys[PATH_MAX], node[PATH_MAX];
    if (file_exists(p->dir))
        return is_half_made(p->dir)
                   ? err_set(err, ERR_INPUT,
                             "%s: was begun and not finished; nobody has seen its keys: remove it",
                             p->dir)
                   : err_set(err, ERR_INPUT,
                             "%s: is there already; a member is never made over another", p->dir);
    return member_folder_path(p->dir, "keys", keys, err) &&
           member_folder_path(p->dir, "node", node, err) && file_make_folder(p->dir, 0700, err) &&
           file_make_folder(keys, 0700, err) && file_make_folder(node, 0700, err);
}

/* The certificate carries the authority's kid: so a peer's broker knows who connects. */
static bool make_node(const struct member_plan *p, struct made *m, struct err *err)
{
    char key[PATH_MAX], tls_key[PATH_MAX], tls[PATH_MAX], kid[2 * KID_SIZE + 1];
    if (!member_folder_path(p->dir, "node/authority.key", key, err) ||
        !member_folder_path(p->dir, "tls.key", tls_key, err) ||
        !member_folder_path(p->dir, "tls.crt", tls, err) || !keyfile_make(key, &m->authority, err))
        return false;
    hex_encode(kid_slice(&m->authority.kid), kid);
    if (!tls_certificate_make(tls_key, tls, kid, p->now_ms, err) ||
        !tls_certificate_read(tls, &m->certificate, err))
        return false;
    struct node_record record = { slice_text(p->broker), slice_text(p->url),
                                  buf_slice(&m->certificate) };
    return member_folder_write_address(p->dir, &record, err) && write_config(p, err);
}

static void put_enrolment(const struct key_pair *key, const struct member_plan *p,
                          const struct kid *sponsor, struct buf *out)
{
    uint8_t token[HALF_SIZE];
    crypto_random(token, sizeof token);
    enrol_request_sign(key, p->ledger, sponsor, token, out);
}

static bool write_request(const struct member_plan *p, struct made *m, struct err *err)
{
    char path[PATH_MAX];
    struct buf out = buf_heap(REQUEST_SIZE_MAX);
    struct request_keys keys = { &m->member, p->node ? &m->authority : NULL };
    struct request q = { .name = slice_text(p->name), .joins = p->ledger != NULL };
    if (p->node) {
        q.broker = slice_text(p->broker);
        q.url = slice_text(p->url);
        q.certificate = buf_slice(&m->certificate);
    }
    const struct kid *sponsor = p->recovers != NULL ? p->recovers : &m->member.kid;
    if (q.joins)
        put_enrolment(&m->member, p, sponsor, &m->member_enrolment);
    if (q.joins && p->node)
        put_enrolment(&m->authority, p, sponsor, &m->authority_enrolment);
    q.member_enrolment = buf_slice(&m->member_enrolment);
    q.authority_enrolment = buf_slice(&m->authority_enrolment);
    request_put(&out, &q, &keys);
    struct request again;
    bool good = (!out.failed || err_set(err, ERR_INPUT, "the request is too large")) &&
                request_decode(buf_slice(&out), &again, err) &&
                member_folder_path(p->dir, "request.cbor", path, err) &&
                file_create(path, buf_slice(&out), 0644, err);
    buf_free(&out);
    return good;
}

static bool check_plan(const struct member_plan *p, struct err *err)
{
    struct listening broker, http;
    if (strlen(p->name) > NAME_MAX_BYTES || !cbor_text_valid(slice_text(p->name)) ||
        !cmd_home_is_name(p->name))
        return err_set(err, ERR_INPUT,
                       "\"%.60s\": expected a name with letters or digits, at most %d bytes",
                       p->name, NAME_MAX_BYTES);
    return !p->node ||
           ((request_check_broker(slice_text(p->broker), err) || err_wrap(err, "--broker")) &&
            (request_check_url(slice_text(p->url), err) || err_wrap(err, "--url")) &&
            choose_listening(p, &broker, &http, err));
}

/* A spare has no key of its member's: that stays where it is used. */
static bool write_enrolment(const struct member_plan *p, struct made *m, struct err *err)
{
    char path[PATH_MAX];
    struct buf out = buf_heap(REQUEST_SIZE_MAX);
    put_enrolment(&m->authority, p, p->spare_of, &m->authority_enrolment);
    cbor_put_array(&out, 4);
    cbor_put_bytes(&out, buf_slice(&m->authority_enrolment));
    cbor_put_text(&out, slice_text(p->broker));
    cbor_put_text(&out, slice_text(p->url));
    cbor_put_bytes(&out, buf_slice(&m->certificate));
    bool good = member_folder_path(p->dir, "node-request.cbor", path, err) &&
                file_create(path, buf_slice(&out), 0644, err) &&
                member_folder_path(p->dir, "enrolment.cose", path, err) &&
                file_create(path, buf_slice(&m->authority_enrolment), 0644, err);
    buf_free(&out);
    return good;
}

static bool make_member(const struct member_plan *p, struct made *m, struct err *err)
{
    char path[PATH_MAX];
    return member_folder_path(p->dir, "member.key", path, err) &&
           keyfile_make(path, &m->member, err);
}

bool member_folder_make(const struct member_plan *plan, struct err *err)
{
    struct made m = { .certificate = buf_heap(REQUEST_CERTIFICATE_MAX),
                      .member_enrolment = buf_heap(ENROL_REQUEST_MAX),
                      .authority_enrolment = buf_heap(ENROL_REQUEST_MAX) };
    bool good =
        check_plan(plan, err) && make_folders(plan, err) &&
        (plan->spare_of != NULL || make_member(plan, &m, err)) &&
        (!plan->node || make_node(plan, &m, err)) &&
        (plan->spare_of != NULL ? write_enrolment(plan, &m, err) : write_request(plan, &m, err));
    buf_free(&m.certificate);
    buf_free(&m.member_enrolment);
    buf_free(&m.authority_enrolment);
    crypto_wipe(&m, sizeof m);
    return good;
}

bool member_folder_read_request(const char *path, struct buf *out, struct request *ret_request,
                                struct err *err)
{
    struct tls_certificate certificate;
    struct request q;
    char kid[2 * KID_SIZE + 1];
    if (!file_read(path, REQUEST_SIZE_MAX, out, err))
        return false;
    if (!request_decode(buf_slice(out), &q, err))
        return err_wrap(err, "%s", path);
    if (q.has_node) {
        struct kid authority = key_kid(q.authority);
        hex_encode(kid_slice(&authority), kid);
        if (!tls_certificate_check(q.certificate, &certificate, err))
            return err_wrap(err, "%s: certificate", path);
        if (strcmp(certificate.name, kid) != 0)
            return err_set(err, ERR_PROOF, "%s: its certificate is for %.64s, its authority is %s",
                           path, certificate.name, kid);
    }
    *ret_request = q;
    return true;
}

/* ------------------------------------------------------------------ where it is */

bool member_folder_read_address(const char *dir, struct buf *out, struct node_record *ret_record,
                                struct err *err)
{
    char path[PATH_MAX];
    struct tls_certificate certificate;
    if (!member_folder_path(dir, "address.cbor", path, err) ||
        !file_read(path, REQUEST_SIZE_MAX, out, err))
        return false;
    if (!cbor_scan(buf_slice(out), err) || !node_record_take(buf_slice(out), ret_record))
        return err_set(err, ERR_INPUT, "%s: not [broker, url, certificate]", path);
    return tls_certificate_check(ret_record->certificate, &certificate, err) ||
           err_wrap(err, "%s", path);
}

bool member_folder_write_address(const char *dir, const struct node_record *record, struct err *err)
{
    char path[PATH_MAX];
    struct buf out = buf_heap(REQUEST_SIZE_MAX);
    node_record_put(&out, record);
    bool good = node_record_is_valid(record, err) &&
                member_folder_path(dir, "address.cbor", path, err) &&
                file_replace(path, buf_slice(&out), 0644, err);
    buf_free(&out);
    return good;
}
