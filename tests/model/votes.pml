/*
 * The voting rules of node/consensus*.c for one height, as Spin checks them: can two blocks become final?
 *
 * HONEST nodes are walked through everything they may do; LIAR says whether there is also one authority
 * that signs whatever helps. A quorum is NEED votes of honest nodes (with a liar, q less the liar's own).
 * What was once sent is never taken back and may be read by anybody at any later time: that is loss, delay,
 * repetition and reordering all at once. Proposers are not walked: whatever some quorum of ROUNDCHANGEs
 * would justify counts as proposed, in round 0 either block.
 *
 *   FORGETS=k   k times a node loses its vote state.   STAYS_SILENT: it says no more at this height.
 *   JOINS_ABOVE: where q = n it goes on two rounds above everybody (else it votes on from round 0).
 *
 * Planted faults, each of which must be found: PROPOSE_LOWEST, MIX_ROUNDS, NO_CERTIFICATE, HIDE_PREPARED,
 * NO_JUSTIFICATION, PREPARE_TWICE, SOFT_LOCK (COMMIT leaves before `prepared` is durable).
 */
#ifndef HONEST
#define HONEST 3
#endif
#ifndef NEED
#define NEED 2
#endif
#ifndef LIAR
#define LIAR 1
#endif
#ifndef ROUNDS
#define ROUNDS 3
#endif
#ifndef FORGETS
#define FORGETS 0
#endif

#define BLOCKS      2
#define CELL(n, r)  ((n) * ROUNDS + (r))
/* A ROUNDCHANGE: 0 not sent, 1 names no block, else prepared in round (c - 2) / 2 for block (c - 2) % 2 */
#define BARE        1
#define CLAIM(r, b) (2 + 2 * (r) + (b))

/* said: by every node, for every round; never shrinks */
byte prepares[HONEST * ROUNDS]; /* a bit for each block */
byte seals[HONEST * ROUNDS];
byte changes[HONEST * ROUNDS];

/* remembered: what a node has on its disk */
byte round[HONEST];
byte lock[HONEST];              /* as a CLAIM; 0: nothing is prepared */
byte voted[HONEST];             /* a bit for each round: PREPAREd in it */
byte chosen[HONEST];            /* the block PREPAREd in the round it is in: bits */
byte silent;                    /* a bit for each node */
byte forgotten;

bool final[BLOCKS];
hidden byte i, j, total, below, count;
hidden byte good;

/* total := honest nodes that PREPAREd `block` at round r; the same of seals */
inline tally_prepares(r, block)
{
    i = 0; total = 0;
    do
    :: i < HONEST -> total = total + ((prepares[CELL(i, r)] >> (block)) & 1); i++
    :: else -> break
    od
}
inline tally_seals(r, block)
{
    i = 0; total = 0;
    do
    :: i < HONEST -> total = total + ((seals[CELL(i, r)] >> (block)) & 1); i++
    :: else -> break
    od
}

/* below := honest ROUNDCHANGEs for r that fit into a quorum whose deciding claim is of round k */
inline tally_changes(r, k)
{
    i = 0; below = 0;
    do
    :: i < HONEST ->
        if
        :: changes[CELL(i, r)] == BARE -> below++
#ifdef PROPOSE_LOWEST
        :: changes[CELL(i, r)] > BARE && (changes[CELL(i, r)] - 2) / 2 >= k -> below++
#else
        :: changes[CELL(i, r)] > BARE && (changes[CELL(i, r)] - 2) / 2 <= k -> below++
#endif
        :: else
        fi;
        i++
    :: else -> break
    od
}

/* good := somebody's ROUNDCHANGE for r may claim that `block` was prepared in round k */
inline claimed(r, k, block)
{
    i = 0; good = false;
    do
    :: i < HONEST -> good = good || changes[CELL(i, r)] == CLAIM(k, block); i++
    :: else -> break
    od;
    if
    :: LIAR && !good ->
#ifdef NO_CERTIFICATE
        good = true
#else
        tally_prepares(k, block);
        good = total >= NEED
#endif
    :: else
    fi
}

/* count := 1 when some quorum of ROUNDCHANGEs for r justifies `block` */
inline justify(r, block)
{
    count = 0; i = 0; total = 0;
    if
    :: (r) == 0 -> count = 1
    :: else ->
        do
        :: i < HONEST -> total = total + (changes[CELL(i, r)] == BARE -> 1 : 0); i++
        :: else -> break
        od;
        if :: total >= NEED -> count = 1 :: else fi;
#ifdef NO_JUSTIFICATION
        count = 1;
#endif
        j = 0;
        do
        :: j < (r) && count == 0 ->
            claimed(r, j, block);
            if
            :: good -> tally_changes(r, j); if :: below >= NEED -> count = 1 :: else fi
            :: else
            fi;
            j++
        :: else -> break
        od
    fi;
    i = 0; j = 0; total = 0; below = 0; good = false
}

inline look_for_final(block)
{
#ifdef MIX_ROUNDS
    i = 0; total = 0;
    do
    :: i < HONEST ->
        j = 0; good = false;
        do
        :: j < ROUNDS -> good = good || ((seals[CELL(i, j)] >> (block)) & 1); j++
        :: else -> break
        od;
        total = total + (good -> 1 : 0);
        i++
    :: else -> break
    od;
    if :: total >= NEED -> final[block] = true :: else fi;
#else
    j = 0;
    do
    :: j < ROUNDS ->
        tally_seals(j, block);
        if :: total >= NEED -> final[block] = true :: else fi;
        j++
    :: else -> break
    od;
#endif
    i = 0; j = 0; total = 0; good = false
}

#ifdef PREPARE_TWICE
#define MAY_PREPARE(n, b) (((chosen[n] >> (b)) & 1) == 0)
#else
#define MAY_PREPARE(n, b) (((voted[n] >> round[n]) & 1) == 0)
#endif

inline try_prepare(n, b)
{
    d_step {
        justify(round[n], b);
        if
        :: count == 1 ->
            prepares[CELL(n, round[n])] = prepares[CELL(n, round[n])] | (1 << (b));
            voted[n] = voted[n] | (1 << round[n]);
            chosen[n] = chosen[n] | (1 << (b))
        :: else
        fi;
        count = 0
    }
}

/* COMMIT once a quorum PREPAREd what this node PREPAREd, and never two in a round */
inline try_commit(n, b)
{
    d_step {
        tally_prepares(round[n], b);
        count = (total >= NEED -> 1 : 0);
        i = 0; total = 0;
        if
        :: count == 1 ->
            seals[CELL(n, round[n])] = seals[CELL(n, round[n])] | (1 << (b));
            lock[n] = CLAIM(round[n], b);
            look_for_final(b)
        :: else
        fi;
        count = 0
    }
}

/* Goes up to round r; `says` whether with a ROUNDCHANGE (time-out, f + 1) or led there by a proposal. */
inline go_to(n, r, says)
{
    d_step {
        chosen[n] = 0;
        if
        :: says ->
#ifdef HIDE_PREPARED
            changes[CELL(n, r)] = BARE
#else
            changes[CELL(n, r)] = (lock[n] == 0 -> BARE : lock[n])
#endif
        :: else
        fi;
        round[n] = r /* last: r may be spelt with round[n] */
    }
}

inline forget(n)
{
    d_step {
        forgotten++; lock[n] = 0; voted[n] = 0; chosen[n] = 0;
#ifdef STAYS_SILENT
        silent = silent | (1 << n);
#endif
#ifdef JOINS_ABOVE
        i = 0; j = 0;
        do
        :: i < HONEST -> if :: i != n && round[i] > j -> j = round[i] :: else fi; i++
        :: else -> break
        od;
        if
        :: j + 2 < ROUNDS -> round[n] = j + 2; changes[CELL(n, j + 2)] = BARE
        :: else -> silent = silent | (1 << n) /* beyond what is walked here */
        fi;
#else
        round[n] = 0;
#endif
        i = 0; j = 0
    }
}

active proctype nodes()
{
    byte n = 0;
    do
    :: atomic {
        n = 0;
        do
        :: n < HONEST - 1 -> n++
        :: break
        od;
        if
        :: (silent >> n) & 1 -> skip
        :: else ->
            if
            :: MAY_PREPARE(n, 0) -> try_prepare(n, 0)
            :: MAY_PREPARE(n, 1) -> try_prepare(n, 1)
            :: (chosen[n] & 1) && !(seals[CELL(n, round[n])] & 1) -> try_commit(n, 0)
            :: (chosen[n] & 2) && !(seals[CELL(n, round[n])] & 2) -> try_commit(n, 1)
            :: round[n] + 1 < ROUNDS -> go_to(n, round[n] + 1, true)
            :: round[n] + 1 < ROUNDS -> go_to(n, round[n] + 1, false)
            :: round[n] + 2 < ROUNDS -> go_to(n, round[n] + 2, true)
            :: forgotten < FORGETS -> forget(n)
#ifdef SOFT_LOCK
            :: lock[n] != 0 -> lock[n] = 0
#endif
            :: else -> skip
            fi
        fi;
        n = 0;
        assert(!(final[0] && final[1]))
    }
    od
}
