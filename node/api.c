#include "node/api.h"

#include "node/api_parts.h"

#include <stdlib.h>

struct api {
    struct api_context context;
    struct http *http;
};

static void handle(void *ctx, const struct http_request *q, struct http_answer *ret_answer)
{
    struct api *api = ctx;
    api_handle(&api->context, q, ret_answer);
}

bool api_open(const struct api_options *options, struct api **ret_api, struct err *err)
{
    struct api *api = calloc(1, sizeof *api);
    if (api == NULL)
        return err_set(err, ERR_IO, "out of memory");
    struct http_options http = {
        .host = options->host,
        .port = options->port,
        .per_address = options->per_address,
        .body_max = STATEMENT_MAX,
        .handler = handle,
        .ctx = api,
    };
    if (!api_context_open(&api->context, options, err) || !http_open(&http, &api->http, err)) {
        api_close(api);
        return false;
    }
    *ret_api = api;
    return true;
}

uint16_t api_port(const struct api *a)
{
    return http_port(a->http);
}

void api_close(struct api *a)
{
    if (a == NULL)
        return;
    http_close(a->http);
    api_context_close(&a->context);
    free(a);
}
