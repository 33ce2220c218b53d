#include "common/senml.h"

#include "common/cose.h"

#include <string.h>

/* A number of SenML in 10^-9ths: int64 * 10^9, twice, fits. */
__extension__ typedef __int128 nano;

#define NANO              1000000000
#define NANO_PER_MS       1000000
#define FLOAT_LIMIT_BITS  31
#define DECIMALS_MAX      9
#define RELATIVE_LIMIT_S  (INT64_C(1) << 28)
#define VERSION_SUPPORTED 10
#define KNOWN_PROPERTIES  (PROPERTY_SIGNAL + 1)

/* Labels of RFC 8428 section 6, table 4. */
enum {
    LABEL_BASE_SUM = -6,
    LABEL_BASE_VALUE = -5,
    LABEL_BASE_UNIT = -4,
    LABEL_BASE_TIME = -3,
    LABEL_BASE_NAME = -2,
    LABEL_BASE_VERSION = -1,
    LABEL_NAME = 0,
    LABEL_UNIT = 1,
    LABEL_VALUE = 2,
    LABEL_TIME = 6,
    LABEL_DATA = 8,
};

/* ------------------------------------------------------------------ numbers */

struct ieee {
    bool negative;
    bool finite;
    uint64_t fraction; /* value = fraction * 2^power, the hidden bit included */
    int power;
};

static struct ieee ieee_split(uint64_t bits, size_t size)
{
    int exponent_bits = size == 2 ? 5 : size == 4 ? 8 : 11;
    int fraction_bits = (int)size * 8 - 1 - exponent_bits;
    uint64_t exponent_max = (UINT64_C(1) << exponent_bits) - 1;
    uint64_t exponent = bits >> fraction_bits & exponent_max;
    struct ieee v = { .negative = (bits >> (size * 8 - 1) & 1) != 0,
                      .finite = exponent != exponent_max,
                      .fraction = bits & ((UINT64_C(1) << fraction_bits) - 1) };
    if (exponent == 0)
        exponent = 1; /* subnormal: no hidden bit */
    else
        v.fraction |= UINT64_C(1) << fraction_bits;
    v.power = (int)exponent - (int)(exponent_max >> 1) - fraction_bits;
    return v;
}

static bool ieee_below_limit(const struct ieee *v)
{
    if (!v->finite)
        return false;
    if (v->fraction == 0 || v->power <= -64)
        return true;
    if (v->power >= FLOAT_LIMIT_BITS)
        return false;
    nano whole = v->power >= 0 ? (nano)v->fraction << v->power : (nano)v->fraction >> -v->power;
    return whole < (nano)1 << FLOAT_LIMIT_BITS;
}

/* n / 2^shift, half to even; n is not negative. */
static nano shift_half_even(nano n, int shift)
{
    if (shift >= 127)
        return 0;
    nano quotient = n >> shift;
    nano rest = n - (quotient << shift);
    nano half = (nano)1 << (shift - 1);
    if (rest > half || (rest == half && (quotient & 1) != 0))
        quotient++;
    return quotient;
}

/* Cuts trailing zeros up to exponent 0, which is returned. */
static int trim(nano *mantissa, int exponent)
{
    while (exponent < 0 && *mantissa % 10 == 0) {
        *mantissa /= 10;
        exponent++;
    }
    return exponent;
}

bool senml_float(uint64_t bits, size_t size, int64_t *ret_mantissa, int *ret_exponent)
{
    struct ieee v = ieee_split(bits, size);
    if (!ieee_below_limit(&v))
        return false;
    int decimals = size == 2 ? 1 : size == 4 ? 4 : DECIMALS_MAX;
    nano scaled = (nano)v.fraction;
    for (int i = 0; i < decimals; i++)
        scaled *= 10;
    scaled = v.power >= 0 ? scaled << v.power : shift_half_even(scaled, -v.power);
    *ret_exponent = trim(&scaled, -decimals);
    *ret_mantissa = v.negative ? -(int64_t)scaled : (int64_t)scaled;
    return true;
}

static nano number_nano(struct senml_number n)
{
    nano scaled = n.mantissa;
    for (int e = -DECIMALS_MAX; e < n.exponent; e++)
        scaled *= 10;
    return scaled;
}

/* ------------------------------------------------------------------ walking, indefinite lengths too */

struct container {
    size_t left;
    bool open;
};

static bool at_byte(const struct cbor_reader *r, uint8_t byte)
{
    return !r->failed && r->pos < r->in.len && r->in.data[r->pos] == byte;
}

static struct container container_begin(struct cbor_reader *r, bool map)
{
    struct container c = { .open = at_byte(r, map ? 0xbf : 0x9f) };
    if (c.open)
        r->pos++;
    else
        c.left = map ? cbor_take_map(r) : cbor_take_array(r);
    return c;
}

static bool container_more(struct cbor_reader *r, struct container *c)
{
    if (r->failed)
        return false;
    if (c->open) {
        c->open = !at_byte(r, 0xff);
        r->pos += c->open ? 0 : 1;
        return c->open;
    }
    if (c->left == 0)
        return false;
    c->left--;
    return true;
}

/* Passes over an item that SenML does not need; the scan has bounded its depth. */
static void skip_item(struct cbor_reader *r) // NOLINT(misc-no-recursion)
{
    bool map = at_byte(r, 0xbf) || cbor_peek(r) == CBOR_MAP;
    if (!map && !at_byte(r, 0x9f) && cbor_peek(r) != CBOR_ARRAY) {
        (void)cbor_take_item(r);
        return;
    }
    struct container c = container_begin(r, map);
    while (container_more(r, &c)) {
        skip_item(r);
        if (map)
            skip_item(r);
    }
}

/* ------------------------------------------------------------------ records */

static void refuse(struct senml_reader *s, const char *why)
{
    if (s->why == NULL)
        s->why = why;
    s->in.failed = true;
}

static struct senml_number take_number(struct senml_reader *s)
{
    struct senml_number n = { 0, 0 };
    if (cbor_peek(&s->in) != CBOR_FLOAT) {
        n.mantissa = cbor_take_int(&s->in);
        return n;
    }
    size_t size;
    uint64_t bits = cbor_take_float_bits(&s->in, &size);
    if (!senml_float(bits, size, &n.mantissa, &n.exponent))
        refuse(s, "a number that is not finite or not below 2^31");
    return n;
}

static struct slice take_text(struct senml_reader *s)
{
    return cbor_take_text(&s->in, 0, s->in.in.len);
}

/* What a record says before it is resolved. */
struct fresh {
    unsigned seen; /* one bit a label */
    struct slice name, unit;
    struct senml_number time, value;
};

static bool has_label(const struct fresh *f, int64_t label)
{
    return (f->seen >> (label - LABEL_BASE_SUM) & 1) != 0;
}

static void take_field(struct senml_reader *s, struct fresh *f, int64_t label)
{
    switch (label) {
    case LABEL_BASE_VALUE: s->base_value = take_number(s); return;
    case LABEL_BASE_UNIT: s->base_unit = take_text(s); return;
    case LABEL_BASE_TIME: s->base_time = take_number(s); return;
    case LABEL_BASE_NAME: s->base_name = take_text(s); return;
    case LABEL_BASE_VERSION:
        if (cbor_take_uint(&s->in) > VERSION_SUPPORTED)
            refuse(s, "a version of SenML above 10");
        return;
    case LABEL_NAME: f->name = take_text(s); return;
    case LABEL_UNIT: f->unit = take_text(s); return;
    case LABEL_VALUE: f->value = take_number(s); return;
    case LABEL_TIME: f->time = take_number(s); return;
    default: skip_item(&s->in); return;
    }
}

/* Section 4.4: a field whose name ends in "_" must be understood, or the pack is refused. */
static void take_pair(struct senml_reader *s, struct fresh *f)
{
    if (cbor_peek(&s->in) == CBOR_TEXT) {
        struct slice label = take_text(s);
        if (label.len > 0 && label.data[label.len - 1] == '_')
            refuse(s, "a field that must be understood and is not");
        skip_item(&s->in);
        return;
    }
    int64_t label = cbor_take_int(&s->in);
    if (label < LABEL_BASE_SUM || label > LABEL_DATA) {
        skip_item(&s->in);
        return;
    }
    if (has_label(f, label))
        refuse(s, "a field given twice");
    f->seen |= 1U << (label - LABEL_BASE_SUM);
    take_field(s, f, label);
}

static uint64_t resolve_time(struct senml_reader *s, const struct fresh *f)
{
    nano time = number_nano(s->base_time) + number_nano(f->time);
    if (time < (nano)RELATIVE_LIMIT_S * NANO)
        time += (nano)s->now_ms * NANO_PER_MS;
    if (time < 0 || time > (nano)TIME_MAX_MS * NANO_PER_MS) {
        refuse(s, "a time before 1970 or after 9999");
        return 0;
    }
    nano ms = time / NANO_PER_MS;
    nano rest = time % NANO_PER_MS;
    if (2 * rest > NANO_PER_MS || (2 * rest == NANO_PER_MS && (ms & 1) != 0))
        ms++;
    return (uint64_t)ms;
}

static struct senml_number resolve_value(struct senml_reader *s, const struct fresh *f)
{
    nano sum = number_nano(s->base_value) + number_nano(f->value);
    int exponent = trim(&sum, -DECIMALS_MAX);
    if (sum < -READING_VALUE_MAX || sum > READING_VALUE_MAX) {
        refuse(s, "a value of 2^53 or more");
        return (struct senml_number){ 0, 0 };
    }
    return (struct senml_number){ (int64_t)sum, exponent };
}

struct senml_reader senml_begin(struct slice pack, uint64_t time_ms)
{
    struct senml_reader s = { .in = cbor_reader(pack), .now_ms = time_ms };
    struct container c = container_begin(&s.in, false);
    s.left = c.left;
    s.open = c.open;
    return s;
}

bool senml_next(struct senml_reader *s, struct senml_record *ret_record)
{
    struct container pack = { .left = s->left, .open = s->open };
    bool more = container_more(&s->in, &pack);
    s->left = pack.left;
    s->open = pack.open;
    if (!more)
        return false;
    s->records++;
    if (s->records > SENML_RECORDS_MAX) {
        refuse(s, "more than 4096 records");
        return false;
    }
    struct fresh f = { 0 };
    struct container fields = container_begin(&s->in, true);
    while (container_more(&s->in, &fields))
        take_pair(s, &f);
    if (s->in.failed)
        return false;
    struct senml_record record = { .base_name = s->base_name,
                                   .name = f.name,
                                   .unit = has_label(&f, LABEL_UNIT) ? f.unit : s->base_unit,
                                   .time_ms = resolve_time(s, &f),
                                   .has_value = has_label(&f, LABEL_VALUE) };
    if (record.has_value)
        record.value = resolve_value(s, &f);
    *ret_record = record;
    return !s->in.failed;
}

bool senml_done(const struct senml_reader *s, struct err *err)
{
    if (cbor_done(&s->in))
        return true;
    return err_set(err, ERR_INPUT, "SenML record %zu: %s", s->records,
                   s->why != NULL ? s->why : "not a map of SenML fields");
}

/* ------------------------------------------------------------------ to samples */

uint16_t senml_property(struct slice unit)
{
    static const struct {
        const char *unit;
        uint16_t property;
    } units[] = {
        { "Cel", PROPERTY_TEMPERATURE }, { "%RH", PROPERTY_HUMIDITY },
        { "Pa", PROPERTY_PRESSURE },     { "lx", PROPERTY_ILLUMINANCE },
        { "m/s2", PROPERTY_SHOCK },      { "%EL", PROPERTY_BATTERY },
        { "V", PROPERTY_BATTERY_V },     { "lat", PROPERTY_LATITUDE },
        { "lon", PROPERTY_LONGITUDE },   { "m", PROPERTY_ALTITUDE },
        { "m/s", PROPERTY_SPEED },       { "kg", PROPERTY_MASS },
        { "dBm", PROPERTY_SIGNAL },
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (slice_equal(unit, slice_text(units[i].unit)))
            return units[i].property;
    return 0;
}

/* Index of the first row whose time is not before time_ms. */
static size_t row_at(const struct samples *s, uint64_t time_ms)
{
    size_t low = 0;
    size_t high = s->rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->time_ms[middle] < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_row(struct samples *s, uint64_t time_ms)
{
    size_t row = row_at(s, time_ms);
    if (row < s->rows && s->time_ms[row] == time_ms)
        return;
    memmove(&s->time_ms[row + 1], &s->time_ms[row], (s->rows - row) * sizeof s->time_ms[0]);
    s->time_ms[row] = time_ms;
    s->rows++;
}

/* First pass: the rows, and each column's property and finest exponent. */
static bool lay_out(struct slice pack, uint64_t time_ms, struct samples *s, struct err *err)
{
    struct senml_record record;
    struct senml_reader reader = senml_begin(pack, time_ms);
    bool used[KNOWN_PROPERTIES] = { false };
    int finest[KNOWN_PROPERTIES] = { 0 };
    s->rows = 0;
    s->columns = 0;
    while (senml_next(&reader, &record)) {
        uint16_t property = senml_property(record.unit);
        if (!record.has_value || property == 0)
            continue;
        if (record.time_ms > time_ms)
            return err_set(err, ERR_INPUT, "SenML record %zu: later than the statement's own time",
                           reader.records);
        add_row(s, record.time_ms);
        used[property] = true;
        if (record.value.exponent < finest[property])
            finest[property] = record.value.exponent;
    }
    if (!senml_done(&reader, err))
        return false;
    for (unsigned p = 0; p < KNOWN_PROPERTIES; p++) {
        if (!used[p])
            continue;
        struct sample_column *c = &s->column[s->columns++];
        c->property = (uint16_t)p;
        c->exponent = (int8_t)finest[p];
        memset(c->value, 0, s->rows * sizeof c->value[0]);
        memset(c->present, 0, s->rows * sizeof c->present[0]);
    }
    return s->rows > 0 ||
           err_set(err, ERR_INPUT, "a SenML pack without a number in a unit that Waybill knows");
}

static bool place(struct samples *s, const struct senml_record *record, struct err *err)
{
    uint16_t property = senml_property(record->unit);
    size_t row = row_at(s, record->time_ms);
    struct sample_column *c = s->column;
    while (c->property != property)
        c++;
    if (c->present[row])
        return err_set(err, ERR_INPUT, "SenML: two values of property %u at one time", property);
    int64_t value = record->value.mantissa;
    for (int zeros = record->value.exponent - c->exponent; zeros > 0; zeros--)
        if (__builtin_mul_overflow(value, 10, &value) || value > READING_VALUE_MAX ||
            value < -READING_VALUE_MAX)
            return err_set(err, ERR_INPUT, "SenML: a value of property %u is 2^53 or more at 10^%d",
                           property, c->exponent);
    c->value[row] = value;
    c->present[row] = true;
    return true;
}

bool senml_expand(struct slice pack, uint64_t time_ms, struct samples *ret_samples, struct err *err)
{
    if (!lay_out(pack, time_ms, ret_samples, err))
        return false;
    struct senml_record record;
    struct senml_reader reader = senml_begin(pack, time_ms);
    while (senml_next(&reader, &record))
        if (record.has_value && senml_property(record.unit) != 0 &&
            !place(ret_samples, &record, err))
            return false;
    return senml_done(&reader, err);
}
