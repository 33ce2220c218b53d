/*
 * The consumer's page of one asset, made whole on the server: every fact is there without JavaScript. All
 * text from the ledger is escaped on its way out; the page has no inline script or style, so that its
 * content security policy needs no exception.
 */
#ifndef NODE_PAGE_H
#define NODE_PAGE_H

#include "node/api_parts.h"

#define PAGE_POLICY                                                                 \
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " \
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* In: c->view is loaded. Appended to out. */
bool page_asset(struct api_context *c, struct buf *out, struct err *err);
/* Why there is nothing to show. */
void page_problem(unsigned status, const char *reason, struct buf *out);

/* ------------------------------------------------------------------ for page*.c */

/* Markup of our own. */
__attribute__((format(printf, 2, 3))) void page_markup(struct buf *out, const char *fmt, ...);
/* Text of anybody's, escaped for elements and quoted attributes. */
void page_text(struct buf *out, const char *text);
void page_slice(struct buf *out, struct slice text);
/* "1 Jun 2026, 10:20", UTC, in a <time> element. */
void page_time(struct buf *out, uint64_t time_ms);
/* "1 Jun 2026, 10:20 to 11:00", the day again only when it is another. */
void page_span(struct buf *out, uint64_t from_ms, uint64_t to_ms);
/* "20 min", "1 h 5 min", "45 s". */
void page_duration(struct buf *out, uint64_t seconds);
/* Recalled, held, ended, found to be wrong: nothing when all is well. */
void page_goods_banners(struct api_context *c, struct buf *out);
/* What it is in, what is in it, what was corrected and objected to. */
void page_goods_notes(const struct asset_view *v, struct buf *out);
/* The makings it descends from, with certificates; nothing when none is known. */
bool page_goods_origin(struct api_context *c, struct buf *out, struct err *err);
/* A chart of one property with the contract's bounds, custody changes and excursions. */
void page_chart(struct api_context *c, const struct asset_series *s, struct buf *out);

#endif
