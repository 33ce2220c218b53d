/*
 * From MQTT to durable: statements and samples a second, and the time to a verified ack, through a real
 * mosquitto and a real node. The raw verification rate is measured in the same run.
 */
#include "tests/support/bench_node.h"
#include "tests/support/measure.h"

#include <stdio.h>
#include <stdlib.h>

#define DEVICES     64
#define STATEMENTS  60000
#define PACKS       20000
#define PACK_ROWS   60
#define ROUND_TRIPS 400

static const char *scratch(void)
{
    const char *dir = getenv("WAYBILL_SCRATCH");
    return dir == NULL ? "/tmp" : dir;
}

static double commit_rate(struct bench_node *b, size_t count, size_t rows)
{
    struct bench_load load;
    bench_node_prepare(b, count, rows, false, &load);
    double seconds = bench_node_run(b, &load);
    bench_load_free(&load);
    return (double)count / seconds;
}

static void commits(bool one, bool over_verify, bool sixty, bool over_one)
{
    struct bench_node *b = bench_node_start(scratch(), DEVICES);
    double verify = over_verify ? measure_verify_all_cores(2) : 0;
    double rate1 = one || over_verify || over_one ? commit_rate(b, STATEMENTS, 1) : 0;
    if (over_verify)
        verify = (verify + measure_verify_all_cores(2)) / 2;
    double rate60 = sixty || over_one ? commit_rate(b, PACKS, PACK_ROWS) * PACK_ROWS : 0;
    if (one)
        measure_print("commit_1", rate1, "statements/s");
    if (over_verify)
        measure_print("commit_1_over_verify", rate1 / verify, "ratio");
    if (sixty)
        measure_print("commit_60_samples", rate60, "samples/s");
    if (over_one)
        measure_print("commit_60_over_1", rate60 / rate1, "ratio");
    bench_node_stop(b);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void acks(bool p50, bool p99)
{
    struct bench_node *b = bench_node_start(scratch(), 1);
    static double took[ROUND_TRIPS];
    struct buf statement = buf_heap(STATEMENT_MAX);
    for (size_t i = 0; i < ROUND_TRIPS; i++) {
        buf_clear(&statement);
        bench_node_sign(b, 0, 1, false, &statement);
        took[i] = bench_node_round_trip(b, 0, buf_slice(&statement));
    }
    buf_free(&statement);
    qsort(took, ROUND_TRIPS, sizeof took[0], compare);
    if (p50)
        measure_print("ack_p50", took[ROUND_TRIPS / 2] * 1000, "ms");
    if (p99)
        measure_print("ack_p99", took[ROUND_TRIPS * 99 / 100] * 1000, "ms");
    bench_node_stop(b);
}

/* Packs of 60 samples of temperature and humidity, as loggers send them; on disk, all the ledger's files. */
static void sizes(bool wire, bool disk)
{
    struct bench_node *b = bench_node_start(scratch(), DEVICES);
    struct bench_load load;
    const double samples = (double)PACKS / 4 * PACK_ROWS * 2;
    bench_node_prepare(b, PACKS / 4, PACK_ROWS, true, &load);
    (void)bench_node_run(b, &load);
    bench_node_end(b);
    uint64_t disk_bytes = bench_node_disk(b);
    if (wire)
        measure_print("wire_bytes_per_sample", (double)load.bytes.len / samples, "bytes");
    if (disk)
        measure_print("disk_bytes_per_sample", (double)disk_bytes / samples, "bytes");
    bench_load_free(&load);
    bench_node_stop(b);
}

int main(int argc, char **argv)
{
    bool one = measure_wanted(argc, argv, "commit_1", true);
    bool over_verify = measure_wanted(argc, argv, "commit_1_over_verify", true);
    bool sixty = measure_wanted(argc, argv, "commit_60_samples", true);
    bool over_one = measure_wanted(argc, argv, "commit_60_over_1", true);
    bool p50 = measure_wanted(argc, argv, "ack_p50", true);
    bool p99 = measure_wanted(argc, argv, "ack_p99", true);
    bool wire = measure_wanted(argc, argv, "wire_bytes_per_sample", true);
    bool disk = measure_wanted(argc, argv, "disk_bytes_per_sample", true);
    if (!crypto_init())
        return 1;
    if (one || over_verify || sixty || over_one)
        commits(one, over_verify, sixty, over_one);
    if (p50 || p99)
        acks(p50, p99);
    if (wire || disk)
        sizes(wire, disk);
    return 0;
}
