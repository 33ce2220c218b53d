#!/usr/bin/env python3
"""Plants the faults of mutants.txt one at a time into a copy of the tree and shows what notices each.

usage: run.py [NAME...]     (make mutants; two at a time, in build/mutants/0 and 1, built like the release profile)
Each fault must be noticed by a unit test or by the simulator, on programs that have nothing to say against the tree as
it is: the unit tests all pass there, and so does each seed that is told to notice a fault. One that names a fault of the
model must be found by Spin, too, and one with "only:" by that complaint of the simulator alone. The table says by what;
the exit code is 0 when every fault is noticed. A fault that can't be planted, because the code has moved, is an error.
"""
import concurrent.futures, os, queue, re, shutil, subprocess, sys, time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
TREES = [os.path.join(TOP, 'build', 'mutants', n) for n in ('0', '1')]
SIMULATE = 'build/release/tests/sim/simulate'
SOUND = os.path.join(TOP, 'build', 'mutants', 'simulate')  # of the tree as it is
FOLDERS = ['common', 'contracts', 'node', 'device', 'scanner', 'tools', 'firmware-sim', 'packaging', 'docs', '.ci',
           'tests/unit', 'tests/support', 'tests/sim', 'tests/fault', 'tests/model', 'tests/vectors']
# What is run against each; as many seeds as show what notices it, and as many as it may take.
UNIT = re.compile(r'tests/unit/test_(consensus|message|node_step|final|authority|seal|chain)\w*\.c$')
SHORT, LONG = 250, 8000
# What must always be there: so many, these, and for each invariant one that nothing else in the simulator notices.
LEAST = 20
NAMED = {'propose-lowest', 'mixed-rounds', 'claim-without-certificate'}
INVARIANTS = {'AGREEMENT': 'agreement', 'CHAIN': 'chain validity', 'CUSTODY': 'one custodian', 'LOST': 'nothing lost',
              'REPLAY': 'replay from disk', 'STALL SLOW': 'liveness'}


def read_mutants():
    found, now = [], None
    lines = open(os.path.join(TOP, 'tests/mutants/mutants.txt')).read().split('\n')
    i = 0
    while i < len(lines):
        line = lines[i]
        if line.startswith('== '):
            now = {'name': line[3:], 'what': lines[i + 1], 'model': None, 'only': None, 'edits': []}
            found.append(now)
            i += 1
        elif line.startswith('model: '):
            now['model'] = line[7:]
        elif line.startswith('only: '):
            now['only'] = line[6:]
        elif line.startswith('file: '):
            path = line[6:]
        elif line == '<<<<':
            middle, end = lines.index('====', i), lines.index('>>>>', i)
            now['edits'].append((path, '\n'.join(lines[i + 1:middle]) + '\n', ''.join(x + '\n' for x in lines[middle + 1:end])))
            i = end
        i += 1
    return found


def copy_tree(tree):
    for folder in FOLDERS:
        for root, _, names in os.walk(os.path.join(TOP, folder)):
            into = os.path.join(tree, os.path.relpath(root, TOP))
            os.makedirs(into, exist_ok=True)
            for name in names:
                a, b = os.path.join(root, name), os.path.join(into, name)
                if not os.path.exists(b):
                    shutil.copy2(a, b)
                elif open(a, 'rb').read() != open(b, 'rb').read():
                    shutil.copyfile(a, b)  # and so newer than what was built of it
    shutil.copy2(os.path.join(TOP, 'Makefile'), tree)
    built = os.path.join(tree, 'build', 'release')
    if not os.path.exists(built):  # what is built already need not be built again
        shutil.copytree(os.path.join(TOP, 'build', 'release'), built,
                        ignore=lambda folder, names: [n for n in names if n in ('log', 'demo', 'tests') and 'obj' not in folder])


def build(tree, targets):
    done = subprocess.run(['make', '-s', '-j2'] + targets, cwd=tree, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return None if done.returncode == 0 else done.stdout[-2000:]


def plant(tree, mutant, back=False):
    for path in {p for p, _, _ in mutant['edits']}:
        text = open(os.path.join(TOP, path)).read()
        for p, old, new in mutant['edits']:
            if p != path or back:
                continue
            if text.count(old) != 1:
                return '%s: the place to change is there %d times' % (path, text.count(old))
            text = text.replace(old, new)
        with open(os.path.join(tree, path), 'w') as f:
            f.write(text)
    return None


def run_units(tree, programs):
    killers = []
    for program in programs:
        try:
            if subprocess.run([os.path.join('build/release', program)], cwd=tree, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=300).returncode != 0:
                killers.append(os.path.basename(program))
        except subprocess.TimeoutExpired:
            killers.append(os.path.basename(program) + ' (no end)')
    return killers


def simulate(tree, seeds, keep_going):
    """What the simulator complains of: {complaint: how often}, and for each the first seed that makes it do so."""
    args = [SIMULATE, '--quiet', '--seeds', str(seeds), '--jobs', '1', '--sqlite-every', '50']
    try:
        out = subprocess.run(args + (['--keep-going'] if keep_going else []), cwd=tree, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=900, errors='replace').stdout
    except subprocess.TimeoutExpired:
        return {'NO END': 1}, {}
    kinds, seen = {}, {}
    for seed, kind in re.findall(r'^seed (\d+): ([A-Z-]+):', out, re.M):
        kinds[kind] = kinds.get(kind, 0) + 1
        seen.setdefault(kind, seed)
    if 'a process ended' in out:
        kinds['ABORT'] = 1
    return kinds, seen


def fails_without(seeds):
    """Those of the seeds that the unchanged tree fails on as well: they show nothing."""
    return [s for s in seeds if subprocess.run([SOUND, '--quiet', '--seed', s] + (['--sqlite'] if int(s) % 50 == 0 else []),
                                               stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT).returncode != 0]


def try_mutant(tree, mutant, programs):
    """Who notices it, and why it does not count all the same."""
    wrong = plant(tree, mutant)
    if wrong:
        return [], 'CAN NOT BE PLANTED: ' + wrong
    wrong = build(tree, [SIMULATE] + ['build/release/' + p for p in programs])
    if wrong:
        return [], 'DOES NOT COMPILE: ' + wrong
    killers = run_units(tree, programs)
    kinds, seen = simulate(tree, SHORT, True)
    if not kinds and not killers:
        kinds, seen = simulate(tree, LONG, False)
    if fails_without(seen.values()):
        return killers, 'THE TREE ITSELF FAILS on seed ' + ', '.join(fails_without(seen.values()))
    if kinds:
        killers.append('simulate (%s)' % ', '.join('%s %d' % k for k in sorted(kinds.items())))
    if not killers:
        return [], 'SURVIVED'
    if mutant['only'] and (not kinds or not set(kinds) <= set(mutant['only'].split())):
        return killers, 'NOT ONLY ' + mutant['only']
    if mutant['model']:
        if subprocess.run(['tests/model/check.sh', 'fault: ' + mutant['model']], cwd=TOP, stdout=subprocess.DEVNULL).returncode != 0:
            return killers, 'NOT FOUND IN THE MODEL'
        killers.append('model')
    return killers, ''


def prepare(programs):
    """Builds the trees, and makes sure that nothing in them complains without a fault."""
    targets = [SIMULATE] + ['build/release/' + p for p in programs]
    for tree in TREES:
        copy_tree(tree)
        wrong = build(tree, targets)
        if wrong:
            sys.exit('the tree does not build:\n' + wrong)
    shutil.copy2(os.path.join(TREES[0], SIMULATE), SOUND)
    wrong = run_units(TREES[0], programs)
    if wrong:
        sys.exit('without any fault these complain: ' + ', '.join(wrong))


def check_table(mutants):
    """What the table as a whole lacks."""
    alone = {m['only'] for m in mutants}
    lacks = ['a mutant that only "%s" notices (only: %s)' % (INVARIANTS[i], i) for i in INVARIANTS if i not in alone]
    lacks += ['the mutant ' + name for name in sorted(NAMED - {m['name'] for m in mutants})]
    if len(mutants) < LEAST:
        lacks.append('%d mutants: there are %d' % (LEAST, len(mutants)))
    return lacks


def main(names):
    mutants = [m for m in read_mutants() if not names or m['name'] in names]
    if check_table(read_mutants()):
        sys.exit('mutants.txt lacks ' + '; '.join(check_table(read_mutants())))
    programs = sorted(os.path.join(root, n)[len(TOP) + 1:-2] for root, _, files in os.walk(os.path.join(TOP, 'tests/unit'))
                      for n in files if UNIT.search(os.path.join(root, n)))
    unknown = set(names) - {m['name'] for m in mutants}
    if unknown:
        sys.exit('there is no mutant ' + ', '.join(sorted(unknown)))
    begin, bad = time.time(), 0
    free = queue.Queue()
    prepare(programs)
    for tree in TREES:
        free.put(tree)

    def take(mutant):
        tree, since = free.get(), time.time()
        killers, complaint = try_mutant(tree, mutant, programs)
        plant(tree, mutant, back=True)
        free.put(tree)
        return mutant, killers, complaint, time.time() - since

    with concurrent.futures.ThreadPoolExecutor(len(TREES)) as workers:
        for mutant, killers, complaint, spent in workers.map(take, mutants):
            bad += complaint != ''
            print('  %-6s %-26s %s\n%38s%s%s (%.0f s)' % ('BAD' if complaint else 'killed', mutant['name'], mutant['what'],
                  'by ', '; '.join(killers) or 'nothing', complaint and ': ' + complaint, spent), flush=True)
    for m in mutants:
        if m['only'] in INVARIANTS:
            print('  only %-18s notices %s' % (INVARIANTS[m['only']], m['name']))
    print('%d mutants, %.0f s' % (len(mutants), time.time() - begin))
    print('%d passed, %d failed' % (len(mutants) - bad, bad))
    sys.exit(1 if bad or not mutants else 0)


if __name__ == '__main__':
    main(sys.argv[1:])
