/*
 * judge_10_rules: readings (a time with temperature and humidity) a second that one core judges against ten
 * rules, in order, in packs of twelve, the device's state in memory. judge_over_verify: that over the raw
 * Ed25519 verifications of one core; the two are measured in turns, so that a busy machine slows both.
 */
#include "contracts/watch.h"

#include "common/crypto.h"
#include "common/reading.h"
#include "tests/support/measure.h"

#define START_MS     UINT64_C(1780293600000)
#define MINUTE_MS    UINT64_C(60000)
#define PACK         12
#define TURNS        10
#define TURN_SECONDS 0.1
#define BATCH        64 /* packs or signatures between two looks at the clock */
#define MESSAGE_SIZE 160

struct rule {
    uint16_t property;
    enum contract_operator op;
    enum contract_lasting lasting;
    int64_t bound;
    uint64_t minutes;
    int64_t until; /* 0 = none */
};

/* What goods between 2 and 8 degrees are watched for; humidity as a museum would. */
static const struct rule rules[] = {
    { PROPERTY_TEMPERATURE, CONTRACT_ABOVE, CONTRACT_UNBROKEN, 8, 10, 7 },
    { PROPERTY_TEMPERATURE, CONTRACT_ABOVE, CONTRACT_TOTAL, 8, 120, 0 },
    { PROPERTY_TEMPERATURE, CONTRACT_BELOW, CONTRACT_UNBROKEN, 2, 10, 3 },
    { PROPERTY_TEMPERATURE, CONTRACT_AT_MOST, CONTRACT_INSTANT, 0, 0, 0 },
    { PROPERTY_TEMPERATURE, CONTRACT_AT_LEAST, CONTRACT_UNBROKEN, 30, 60, 0 },
    { PROPERTY_TEMPERATURE, CONTRACT_AT_LEAST, CONTRACT_TOTAL, 45, 600, 0 },
    { PROPERTY_HUMIDITY, CONTRACT_ABOVE, CONTRACT_UNBROKEN, 65, 30, 60 },
    { PROPERTY_HUMIDITY, CONTRACT_BELOW, CONTRACT_UNBROKEN, 35, 30, 40 },
    { PROPERTY_HUMIDITY, CONTRACT_ABOVE, CONTRACT_TOTAL, 80, 240, 0 },
    { PROPERTY_HUMIDITY, CONTRACT_AT_LEAST, CONTRACT_INSTANT, 95, 0, 0 },
};
#define RULES (sizeof rules / sizeof rules[0])

/* Large: not for the stack. */
struct judge {
    struct contract_definition definition;
    struct contract_terms terms;
    struct watch watch;
    struct watch_findings findings;
    struct book book;
    uint64_t seq, rows, found;
};

static struct judge judge;

static struct book *book_of(void *ctx)
{
    return &((struct judge *)ctx)->book;
}

static void set_up(struct judge *j)
{
    struct contract_definition *d = &j->definition;
    d->rule_count = RULES;
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *r = &rules[i];
        struct contract_limit *limit = &j->terms.limits[i];
        d->rules[i] =
            (struct contract_rule){ .property = r->property,
                                    .slot = r->property - 1U,
                                    .op = r->op,
                                    .lasting = r->lasting,
                                    .severity = VERDICT_HIGH,
                                    .has_until = r->until != 0,
                                    .until_op =
                                        r->op == CONTRACT_ABOVE ? CONTRACT_BELOW : CONTRACT_ABOVE };
        *limit = (struct contract_limit){ .bound = r->bound,
                                          .duration_ms = r->minutes * MINUTE_MS,
                                          .until = r->until };
    }
    d->property_count = 2;
    d->properties[0] = PROPERTY_TEMPERATURE;
    d->properties[1] = PROPERTY_HUMIDITY;
    j->terms.maximum_gap_ms = 30 * MINUTE_MS;
    j->terms.lateness_ms = DEFINITION_LATENESS_MS;
    j->terms.calibrated_until_ms = UINT64_MAX;
    j->watch = (struct watch){ .definition = d,
                               .terms = &j->terms,
                               .state = watch_state_new(),
                               .start_ms = START_MS,
                               .book = book_of,
                               .ctx = j,
                               .findings = &j->findings };
}

static void judge_sample(struct judge *j, uint16_t property, uint64_t time_ms, int64_t centi)
{
    const struct watch_reading reading = {
        .property = property, .present = true, .exponent = -2, .time_ms = time_ms, .mantissa = centi
    };
    (void)watch_sample(&j->watch, &reading);
    j->found += j->findings.count;
}

/* About an excursion a day: the rest of the day is what a good journey looks like. */
static void judge_pack(struct judge *j)
{
    watch_begin(&j->watch, ++j->seq, NULL, 0);
    for (size_t i = 0; i < PACK; i++, j->rows++) {
        uint64_t time_ms = START_MS + j->rows * MINUTE_MS;
        bool warm = j->rows % 1440 < 20;
        int64_t wobble = (int64_t)(j->rows * 37 % 200);
        judge_sample(j, PROPERTY_TEMPERATURE, time_ms, (warm ? 850 : 400) + wobble);
        judge_sample(j, PROPERTY_HUMIDITY, time_ms, 4500 + wobble);
    }
    watch_end(&j->watch);
    j->found += j->findings.count;
}

struct verify {
    uint8_t message[MESSAGE_SIZE], pub[PUB_SIZE], sig[SIG_SIZE];
    uint64_t count;
};

static bool verify_batch(struct verify *v)
{
    for (int i = 0; i < BATCH; i++, v->count++)
        if (!crypto_ed25519_verify(slice_of(v->message, sizeof v->message), v->sig, v->pub))
            return false;
    return true;
}

/* Both in turns. Returns false when a signature that is good is refused. */
static bool measure_both(struct judge *j, struct verify *v, double *ret_judged,
                         double *ret_verified)
{
    double seconds[2] = { 0, 0 };
    for (int turn = 0; turn < TURNS; turn++) {
        double start = measure_now();
        double now;
        while ((now = measure_now()) < start + TURN_SECONDS)
            for (int i = 0; i < BATCH; i++)
                judge_pack(j);
        seconds[0] += now - start;
        start = now;
        while ((now = measure_now()) < start + TURN_SECONDS)
            if (!verify_batch(v))
                return false;
        seconds[1] += now - start;
    }
    *ret_judged = (double)j->rows / seconds[0];
    *ret_verified = (double)v->count / seconds[1];
    return true;
}

int main(int argc, char **argv)
{
    static struct verify verify;
    uint8_t seed[SEED_SIZE] = { 1 };
    uint8_t secret[SECRET_SIZE];
    double judged;
    double verified;
    bool rate = measure_wanted(argc, argv, "judge_10_rules", true);
    bool ratio = measure_wanted(argc, argv, "judge_over_verify", true);
    if (!rate && !ratio)
        return 0;
    if (!crypto_init())
        return 1;
    crypto_ed25519_key(seed, verify.pub, secret);
    crypto_ed25519_sign(slice_of(verify.message, MESSAGE_SIZE), secret, verify.sig);
    set_up(&judge);
    if (judge.watch.state == NULL || !measure_both(&judge, &verify, &judged, &verified))
        return 1;
    watch_state_free(judge.watch.state);
    if (judge.found == 0 || judge.book.count == 0)
        return 1; /* what found nothing was not judged */
    if (rate)
        measure_print("judge_10_rules", judged, "readings/s");
    if (ratio)
        measure_print("judge_over_verify", judged / verified, "times");
    return 0;
}
