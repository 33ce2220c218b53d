/*
 * simulate: runs the consortium of sim.h over many seeds and says what went wrong, how long healing took and what
 * was reached. A seed that fails is run once more, aloud.
 *
 *   simulate [--seeds COUNT] [--first SEED] [--jobs N] [--sqlite-every N] [--progress]
 *   simulate --seed SEED [--verbose] [--sqlite]
 *   both:    [--authorities N] [--liars N] [--keep-going]   [--quiet: no transcript]
 *   and --cover: an unreached branch or code fails
 */
#include "tests/sim/sim.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX     64
#define TIMES_MAX    7000 /* of 10 ms: longer than a run goes on */
#define TELL_EVERY_S 20
#define FAULTS_SHOWN 5

struct plan {
    uint64_t first, count, sqlite_every;
    unsigned jobs, authorities;
    int liars;
    bool one, verbose, sqlite, progress, cover, keep_going, quiet;
    char scratch[256];
};

/* What a process found; they share one array of these. */
struct found {
    struct sim_cover cover;
    uint64_t done, sqlite_done, wide, events;
    uint64_t fault_count;
    uint64_t faults[FAULTS_SHOWN];
    uint32_t times[SIM_KEYS_MAX][2][TIMES_MAX]; /* how often; by n; all well, or not; by 10 ms */
};

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------ one seed */

static bool is_sqlite(const struct plan *p, uint64_t seed)
{
    return p->sqlite || (p->sqlite_every > 0 && seed % p->sqlite_every == 0);
}

static void note(const struct sim *s, struct found *f)
{
    bool ill = s->liars + s->weak > 0;
    f->done++;
    f->sqlite_done += s->options.store == SIM_SQLITE;
    f->wide += s->wide;
    if (s->wide || !s->took || s->n >= SIM_KEYS_MAX)
        return;
    f->times[s->n][ill][s->took_ms / 10 < TIMES_MAX ? s->took_ms / 10 : TIMES_MAX - 1]++;
}

static bool play(const struct plan *p, uint64_t seed, bool verbose, struct found *f)
{
    struct sim_options options = { .seed = seed,
                                   .authorities = p->authorities,
                                   .liars = p->liars,
                                   .store = is_sqlite(p, seed) ? SIM_SQLITE : SIM_MEMORY,
                                   .verbose = verbose,
                                   .scratch = p->scratch };
    struct sim_cover *cover = calloc(1, sizeof *cover);
    if (cover == NULL)
        abort();
    struct sim *s = sim_new(&options, cover);
    bool good = sim_run(s);
    if (!good)
        (void)printf("seed %llu: %s: %s (n = %u, %u lie, %u ill%s)\n", (unsigned long long)seed,
                     s->fault, s->why, s->n, s->liars, s->weak, s->wide ? ", wide" : "");
    if (f != NULL)
        note(s, f);
    if (f != NULL)
        sim_cover_add(&f->cover, cover);
    sim_free(s);
    free(cover);
    return good;
}

/* ------------------------------------------------------------------ many */

/* The processes take turns at the seeds, so all below a certain one have been played: there it can be begun again. */
static void tell_progress(const struct plan *p, const struct found *all, double begin)
{
    uint64_t done = 0, faults = 0, least = UINT64_MAX;
    for (unsigned job = 0; job < p->jobs; job++) {
        done += all[job].done;
        faults += all[job].fault_count;
        least = all[job].done < least ? all[job].done : least;
    }
    uint64_t next = p->first + least * p->jobs;
    double rate = (double)done / (seconds() - begin);
    unsigned left_min = (unsigned)((double)(p->count - done) / rate / 60 + 1);
    (void)printf("  %llu of %llu seeds, %.0f a second, %u h %02u min to go, %llu faults so far; "
                 "to go on from here: FIRST=%llu\n",
                 (unsigned long long)done, (unsigned long long)p->count, rate, left_min / 60,
                 left_min % 60, (unsigned long long)faults, (unsigned long long)next);
    (void)fflush(stdout);
}

static void work(const struct plan *p, unsigned job, struct found *all)
{
    double begin = seconds(), told = begin;
    struct found *f = &all[job];
    for (uint64_t i = job; i < p->count; i += p->jobs) {
        if (!play(p, p->first + i, false, f)) {
            if (f->fault_count < FAULTS_SHOWN)
                f->faults[f->fault_count] = p->first + i;
            f->fault_count++;
            (void)fflush(stdout);
            if (!p->keep_going)
                return;
        }
        if (p->progress && job == 0 && seconds() > told + TELL_EVERY_S) {
            told = seconds();
            tell_progress(p, all, begin);
        }
    }
}

static void run_jobs(struct plan *p, struct found *found)
{
    size_t len = strlen(p->scratch);
    (void)fflush(stdout);
    for (unsigned job = 0; job < p->jobs; job++) {
        if (fork() != 0)
            continue;
        (void)snprintf(p->scratch + len, sizeof p->scratch - len, "/%u", job);
        (void)mkdir(p->scratch, 0700);
        work(p, job, found);
        (void)rmdir(p->scratch);
        (void)fflush(stdout);
        _exit(0);
    }
    for (unsigned job = 0; job < p->jobs; job++) {
        int status = 0;
        (void)wait(&status);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            (void)printf("a process ended with status %d\n", status);
            found[0].fault_count++;
        }
    }
}

/* The time, in seconds, that so many of the counted runs took at most. */
static double time_of(const uint64_t counts[TIMES_MAX], uint64_t rank)
{
    size_t i = 0;
    for (uint64_t sum = counts[0]; sum < rank && i + 1 < TIMES_MAX;)
        sum += counts[++i];
    return (double)i / 100.0;
}

static void print_times(const struct plan *p, const struct found *found, unsigned n, unsigned ill)
{
    uint64_t *counts = calloc(TIMES_MAX, sizeof counts[0]);
    uint64_t count = 0;
    if (counts == NULL)
        abort();
    for (unsigned job = 0; job < p->jobs; job++)
        for (size_t i = 0; i < TIMES_MAX; i++) {
            counts[i] += found[job].times[n][ill][i];
            count += found[job].times[n][ill][i];
        }
    if (count > 0)
        (void)printf("  n = %2u, %s: p50 %.1f p99 %.1f max %.1f s of %llu\n", n,
                     ill ? "up to f ill or lying" : "all well            ",
                     time_of(counts, (count + 1) / 2), time_of(counts, (count * 99 + 99) / 100),
                     time_of(counts, count), (unsigned long long)count);
    free(counts);
}

static bool report(const struct plan *p, const struct found *found, double spent)
{
    struct found *sum = calloc(1, sizeof *sum);
    if (sum == NULL)
        abort();
    for (unsigned job = 0; job < p->jobs; job++) {
        sum->done += found[job].done;
        sum->sqlite_done += found[job].sqlite_done;
        sum->wide += found[job].wide;
        sum->fault_count += found[job].fault_count;
        sim_cover_add(&sum->cover, &found[job].cover);
    }
    (void)printf("first block everywhere after healing:\n");
    for (unsigned n = 1; n < SIM_KEYS_MAX; n++)
        for (unsigned ill = 0; ill < 2; ill++)
            print_times(p, found, n, ill);
    (void)printf("reached:\n");
    unsigned missing = sim_cover_print(&sum->cover);
    (void)printf("%llu seeds from %llu (%llu of them beyond f: safety alone) in %.0f s; blocks on "
                 "real SQLite over "
                 "the faulty VFS in %llu, in memory in %llu; %llu blocks, %llu statements, %llu "
                 "verdicts compared with the reference, %llu replays from disk\n",
                 (unsigned long long)sum->done, (unsigned long long)p->first,
                 (unsigned long long)sum->wide, spent, (unsigned long long)sum->sqlite_done,
                 (unsigned long long)(sum->done - sum->sqlite_done),
                 (unsigned long long)sum->cover.blocks, (unsigned long long)sum->cover.statements,
                 (unsigned long long)sum->cover.compared, (unsigned long long)sum->cover.replays);
    bool good = sum->fault_count == 0 && (!p->cover || missing == 0);
    (void)printf("simulate: %llu faults, %u branches and codes not reached\n",
                 (unsigned long long)sum->fault_count, missing);
    free(sum);
    return good;
}

static bool run_many(struct plan *p)
{
    struct found *found = mmap(NULL, p->jobs * sizeof *found, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (found == MAP_FAILED) {
        (void)fprintf(stderr, "simulate: %s\n", strerror(errno));
        return false;
    }
    double begin = seconds();
    char scratch[sizeof p->scratch];
    memcpy(scratch, p->scratch, sizeof scratch);
    run_jobs(p, found);
    memcpy(p->scratch, scratch, sizeof scratch);
    bool good = report(p, found, seconds() - begin);
    for (unsigned job = 0; job < p->jobs && !p->quiet; job++)
        if (found[job].fault_count > 0) {
            (void)printf("the transcript of seed %llu (simulate --seed %llu --verbose):\n",
                         (unsigned long long)found[job].faults[0],
                         (unsigned long long)found[job].faults[0]);
            (void)play(p, found[job].faults[0], true, NULL);
            break;
        }
    (void)munmap(found, p->jobs * sizeof *found);
    return good;
}

/* ------------------------------------------------------------------ arguments */

static uint64_t number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text) {
        (void)fprintf(stderr, "simulate: expected a number, found \"%s\"\n", text);
        exit(2);
    }
    return n;
}

static void parse(int argc, char **argv, struct plan *p)
{
    static const struct option options[] = {
        { "seeds", 1, NULL, 'n' },        { "first", 1, NULL, 'f' },
        { "seed", 1, NULL, 's' },         { "jobs", 1, NULL, 'j' },
        { "sqlite-every", 1, NULL, 'e' }, { "progress", 0, NULL, 'p' },
        { "verbose", 0, NULL, 'v' },      { "sqlite", 0, NULL, 'q' },
        { "authorities", 1, NULL, 'a' },  { "liars", 1, NULL, 'l' },
        { "keep-going", 0, NULL, 'k' },   { "cover", 0, NULL, 'c' },
        { "quiet", 0, NULL, 'Q' },        { NULL, 0, NULL, 0 },
    };
    int opt;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 'n')
            p->count = number(optarg);
        else if (opt == 'f' || opt == 's')
            p->first = number(optarg);
        else if (opt == 'j')
            p->jobs = (unsigned)number(optarg);
        else if (opt == 'e')
            p->sqlite_every = number(optarg);
        else if (opt == 'a')
            p->authorities = (unsigned)number(optarg);
        else if (opt == 'l')
            p->liars = (int)number(optarg);
        else if (opt == '?')
            exit(2);
        p->one = p->one || opt == 's';
        p->progress = p->progress || opt == 'p';
        p->verbose = p->verbose || opt == 'v';
        p->sqlite = p->sqlite || opt == 'q';
        p->keep_going = p->keep_going || opt == 'k';
        p->cover = p->cover || opt == 'c';
        p->quiet = p->quiet || opt == 'Q';
    }
    if (p->jobs < 1 || p->jobs > JOBS_MAX || p->authorities >= SIM_KEYS_MAX - 1) {
        (void)fprintf(stderr, "simulate: 1 to %d jobs, up to %d authorities\n", JOBS_MAX,
                      SIM_KEYS_MAX - 2);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct plan p = { .first = 1, .count = 200, .jobs = 2, .liars = -1 };
    const char *scratch = getenv("WAYBILL_SCRATCH");
    parse(argc, argv, &p);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30); /* what one seed frees the next one uses */
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
    (void)snprintf(p.scratch, sizeof p.scratch, "%s/sim-XXXXXX",
                   scratch == NULL ? "/tmp" : scratch);
    if (mkdtemp(p.scratch) == NULL) {
        (void)fprintf(stderr, "simulate: %s: %s\n", p.scratch, strerror(errno));
        return 2;
    }
    bool good = p.one ? play(&p, p.first, p.verbose, NULL) : run_many(&p);
    if (p.one && good)
        (void)printf("seed %llu: ok\n", (unsigned long long)p.first);
    (void)rmdir(p.scratch);
    return good ? 0 : 1;
}
