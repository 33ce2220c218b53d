# Waybill's build. `make help` lists the targets.
#
# Everything is built out of tree, into build/<profile>/: release (the default), asan, fuzz. Sources are found
# by folder, so a new file needs no line here: every .c of a product folder but main.c goes into that folder's
# library, main.c makes its program, and each test_*.c, fuzz_*.c and bench_*.c makes one of its own.

PROFILE ?= release
BUILD := build/$(PROFILE)
BUILD_DIR := $(CURDIR)/$(BUILD)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PREFIX ?= /usr/local
DESTDIR ?=
# Warnings are errors for developers and CI; a user's newer compiler may know more of them than we do.
WERROR ?=
# Seconds for each target of `make fuzz`. (bash and make know SECONDS otherwise only as a shell variable.)
SECONDS ?= 30
NAME ?=
VECTORS ?=

MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := programs

# ------------------------------------------------------------------ sources, by folder

# From the top layer to the bottom: what is on the left may use what is on its right.
FOLDERS := firmware-sim tools device scanner node contracts common
SOURCES := $(filter-out %/main.c,$(foreach f,$(FOLDERS),$(wildcard $f/*.c)))
MAINS := $(foreach f,$(FOLDERS),$(wildcard $f/main.c))
# In these folders of tests each test_*.c is a cmocka program; what they share lies beside them or in support/.
TESTS := $(foreach d,unit sim model fault,$(wildcard tests/$d/test_*.c))
# The simulator has a main of its own, and cheap signatures in place of common/crypto.c.
SIMULATOR := tests/sim/simulate.c tests/support/fake_crypto.c
SUPPORT := $(filter-out $(TESTS) $(SIMULATOR),\
	$(foreach d,support unit sim model fault,$(wildcard tests/$d/*.c)))
CONFORMANCE := $(wildcard tests/conformance/*.c)
FUZZ := $(wildcard tests/fuzz/fuzz_*.c)
BENCH := $(wildcard tests/bench/bench_*.c)

PROGRAM_node := waybill-node
PROGRAM_device := waybill-agent
PROGRAM_scanner := waybill-scan
PROGRAM_tools := waybill
PROGRAM_firmware-sim := waybill-sim

PROGRAMS := $(foreach m,$(MAINS),$(BUILD)/$(PROGRAM_$(patsubst %/main.c,%,$m)))
ARCHIVES := $(foreach f,$(FOLDERS),$(BUILD)/lib$f.a)
OBJECTS = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(TESTS))
CONFORMANCE_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(CONFORMANCE))
FUZZ_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(FUZZ))
BENCH_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(BENCH))
ALL_C := $(SOURCES) $(MAINS) $(wildcard tests/*/*.c)
ALL_H := $(wildcard $(addsuffix /*.h,$(FOLDERS)) tests/*/*.h)

# ------------------------------------------------------------------ flags

# The product's libraries. --as-needed leaves out of each program those it does not call.
LIBRARIES := libmosquitto sqlite3 libsodium libcbor libqrencode zbar jansson libmicrohttpd libcurl \
	gnutls yaml-0.1 libpng libjpeg libseccomp
TEST_LIBRARIES := cmocka nettle

# gcc's warnings are the house's; clang builds only the fuzz targets, from sources gcc has seen.
WARNINGS_gcc := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual \
	-Wcast-align=strict -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wformat=2 -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough=5 -Wnull-dereference \
	-Wdouble-promotion -Wlogical-op -Wduplicated-cond -Wduplicated-branches
WARNINGS_clang := -Wall -Wextra

ifeq ($(PROFILE),fuzz)
CC := clang
else ifeq ($(origin CC),default)
CC := gcc
endif
COMPILER := $(if $(findstring clang,$(notdir $(CC))),clang,gcc)

CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS_asan := -fsanitize=address,undefined
CFLAGS_fuzz := $(CFLAGS_asan) -fsanitize=fuzzer-no-link
LDFLAGS_fuzz := $(LDFLAGS_asan)
ifeq ($(CFLAGS_$(PROFILE)),)
$(error PROFILE is one of release, asan, fuzz; found "$(PROFILE)")
endif

# Asserts guard invariants, so NDEBUG is never defined.
CPPFLAGS_ALL := -D_GNU_SOURCE -I. $(CPPFLAGS)
CFLAGS_ALL = -std=c11 $(CFLAGS_$(PROFILE)) $(WARNINGS_$(COMPILER)) \
	$(if $(filter 1,$(WERROR)),-Werror) $(PKG_CFLAGS) $(CFLAGS)
LDFLAGS_ALL := $(LDFLAGS_$(PROFILE)) -Wl,--as-needed $(LDFLAGS)

# Asked only when something is compiled: help, clean and set-up work on a machine without them.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(call pkg-config,--cflags))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(call pkg-config,--libs) -lpthread -lm)$(PKG_LIBS)
pkg-config = $(or $(shell pkg-config $(1) $(LIBRARIES) $(TEST_LIBRARIES) && echo ' '),$(error \
	libraries are missing (see above): `make set-up` installs what packaging/debian-packages.txt lists))
LINK_LIBS = -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(PKG_LIBS)

# ------------------------------------------------------------------ building

.PHONY: programs tests
programs: $(PROGRAMS) $(ARCHIVES) ## the programs, into build/release/ (the default)
tests: programs $(TEST_PROGRAMS) $(CONFORMANCE_PROGRAMS) $(FUZZ_PROGRAMS) $(BUILD)/tests/sim/simulate

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo "  cc       $<"
	@$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# A new compiler or new flags build everything again; -Werror alone does not, as it changes no object.
.PHONY: force
FLAGS_LINE = $(CC) $(CPPFLAGS_ALL) $(filter-out -Werror,$(CFLAGS_ALL)) $(LDFLAGS_ALL)
$(BUILD)/flags: force
	@mkdir -p $(@D)
	@echo '$(FLAGS_LINE)' | cmp -s - $@ || echo '$(FLAGS_LINE)' > $@

# The list of members is a file of its own, so that a source that was deleted leaves its archive too.
define ARCHIVE_RULE
$(BUILD)/lib$(1).members: force
	@mkdir -p $$(@D)
	@echo '$(2)' | cmp -s - $$@ || echo '$(2)' > $$@
$(BUILD)/lib$(1).a: $(2) $(BUILD)/lib$(1).members
	@rm -f $$@
	@ar rcs $$@ $(2)
endef
$(foreach f,$(FOLDERS),$(eval $(call ARCHIVE_RULE,$f,$(call OBJECTS,$(filter $f/%,$(SOURCES))))))
$(eval $(call ARCHIVE_RULE,tests,$(call OBJECTS,$(SUPPORT))))

define PROGRAM_RULE
$(BUILD)/$(PROGRAM_$(1)): $(BUILD)/obj/$(1)/main.o $(ARCHIVES)
	@echo "  link     $$@"
	@$$(CC) $$(LDFLAGS_ALL) -o $$@ $$< $$(LINK_LIBS)
endef
$(foreach m,$(MAINS),$(eval $(call PROGRAM_RULE,$(patsubst %/main.c,%,$m))))

$(TEST_PROGRAMS) $(CONFORMANCE_PROGRAMS) $(BENCH_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%.o \
		$(BUILD)/libtests.a $(ARCHIVES)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -o $@ $< $(BUILD)/libtests.a $(LINK_LIBS)

$(BUILD)/tests/sim/simulate: $(call OBJECTS,$(SIMULATOR)) $(BUILD)/libtests.a $(ARCHIVES)
	@mkdir -p $(@D)
	@echo "  link     $@"
	@$(CC) $(LDFLAGS_ALL) -Wl,--wrap=execution_new,--wrap=execution_free -o $@ $(filter %.o,$^) $(BUILD)/libtests.a $(LINK_LIBS)

# In the fuzz profile libFuzzer drives a target; in the others a small driver replays its corpus.
ifeq ($(PROFILE),fuzz)
$(FUZZ_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $< $(LINK_LIBS)
else
$(FUZZ_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/obj/tests/fuzz/replay_main.o $(ARCHIVES)
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(LINK_LIBS)
endif

.SECONDARY:
-include $(patsubst %.c,$(BUILD)/obj/%.d,$(ALL_C))

# ------------------------------------------------------------------ running

.PHONY: set-up demo test unit replay e2e asan fuzz bench conformance fault-long
set-up: ## install the Debian and npm packages that are missing (root or sudo)
	@packaging/set-up.sh build demo test lint

demo: ## set up, build, and show one journey from sensor to proven answer; STORY=cocoa another
	@packaging/set-up.sh build demo
	@$(MAKE) programs
	@$(BUILD)/waybill demo $(if $(STORY),--story '$(STORY)') $(DEMO_ARGS)

test: ## set up, build with -Werror, run unit, fuzz corpus, fault and end-to-end tests, 20,000 simulated seeds
	@packaging/set-up.sh build demo test
	@$(MAKE) WERROR=1 tests
	@tests/run-tests.sh $(BUILD) unit replay fault e2e sim

unit: ## the unit tests only; NAME=test_cbor runs one program
	@$(MAKE) WERROR=1 programs $(if $(NAME),$(filter %/$(NAME),$(TEST_PROGRAMS)),$(TEST_PROGRAMS))
	@NAME=$(NAME) tests/run-tests.sh $(BUILD) unit

replay: ## the fuzz corpora only; NAME=fuzz_cbor replays one
	@$(MAKE) WERROR=1 $(FUZZ_PROGRAMS)
	@NAME=$(NAME) tests/run-tests.sh $(BUILD) replay

e2e: ## the end-to-end scripts only; NAME=… runs one
	@packaging/set-up.sh build demo test
	@$(MAKE) WERROR=1 tests
	@NAME=$(NAME) tests/run-tests.sh $(BUILD) e2e

asan: ## unit tests and corpora under the address and undefined-behaviour sanitizers
	@packaging/set-up.sh build
	@$(MAKE) PROFILE=asan tests
	@SEEDS=200 tests/run-tests.sh build/asan unit replay sim

fuzz: ## libFuzzer on every target, SECONDS=30 each; NAME=fuzz_cbor runs one
	@packaging/set-up.sh build lint
	@$(MAKE) PROFILE=fuzz $(patsubst %.c,build/fuzz/%,$(FUZZ))
	@NAME=$(NAME) tests/run-fuzz.sh build/fuzz $(SECONDS)

bench: ## measure: one line a figure; NAME=commit_1 measures one (slow figures only so)
	@packaging/set-up.sh build demo
	@$(MAKE) programs $(BENCH_PROGRAMS)
	@tests/run-bench.sh $(BUILD) $(NAME)

conformance: ## check against public test vectors in VECTORS=DIR
	@test -n "$(VECTORS)" || { echo "conformance: say where the vectors are: VECTORS=DIR" >&2; exit 2; }
	@packaging/set-up.sh build demo test
	@$(MAKE) WERROR=1 programs $(CONFORMANCE_PROGRAMS)
	@tests/run-conformance.sh $(BUILD) "$(VECTORS)"

fault-long: ## the fault tests in their long form: hundreds of power cuts and disk errors
	@packaging/set-up.sh build demo test
	@$(MAKE) WERROR=1 tests
	@WAYBILL_LONG=1 tests/run-tests.sh $(BUILD) fault

.PHONY: sim sim-long model mutants
sim: ## the simulated consortium alone: SEEDS=20000 from FIRST=1; SEED=7 plays one, aloud
	@$(MAKE) WERROR=1 $(BUILD)/tests/sim/simulate
	@$(if $(SEED),$(BUILD)/tests/sim/simulate --seed $(SEED) --verbose,SEEDS=$(SEEDS) FIRST=$(FIRST) \
		tests/run-tests.sh $(BUILD) sim)

sim-long: ## 1,000,000 simulated seeds, with progress (hours); FIRST=41201 goes on from there
	@$(MAKE) WERROR=1 $(BUILD)/tests/sim/simulate
	@$(BUILD)/tests/sim/simulate --seeds $(or $(SEEDS),$$((1000001 - $(or $(FIRST),1)))) --first $(or $(FIRST),1) --jobs $(JOBS) \
		--sqlite-every 40 --progress --keep-going --cover

model: ## have Spin walk all states of the voting, and find the faults planted into it
	@packaging/set-up.sh build model
	@tests/model/check.sh

mutants: ## plant faults into a copy of the tree, one at a time: each must be noticed; NAME="a b" tries those
	@packaging/set-up.sh build test model
	@$(MAKE) tests
	@tests/mutants/run.py $(NAME)

.PHONY: judge-million
judge-million: ## 1,000,000 random reading sequences: the compliance engine against its slow reference
	@$(MAKE) WERROR=1 $(BUILD)/tests/unit/test_watch_reference
	@$(BUILD)/tests/unit/test_watch_reference --count 1000000

.PHONY: goods-million
goods-million: ## 1,000,000 random operations on goods: the rules against their slow reference; SEED=1 begins there
	@$(MAKE) WERROR=1 $(BUILD)/tests/unit/test_goods_reference
	@$(BUILD)/tests/unit/test_goods_reference --count 1000000 --codes 1 $(if $(SEED),--seed $(SEED))

.PHONY: join-million
join-million: ## join a ledger of 1,000,000 statements at a snapshot, and time the first proven answer (minutes)
	@packaging/set-up.sh build demo
	@$(MAKE) programs $(BUILD)/tests/bench/bench_join
	@tests/run-bench.sh $(BUILD) join_million

.PHONY: govern-million
govern-million: ## 1,000,000 random votes and what they change: the rules against their slow reference; SEED=1 begins there
	@$(MAKE) WERROR=1 $(BUILD)/tests/unit/test_govern_reference
	@$(BUILD)/tests/unit/test_govern_reference --count 1000000 $(if $(SEED),--seed $(SEED))

.PHONY: test-clean-root
test-clean-root: ## prove demo and test in a bare Debian 12 made by debootstrap (root, slow)
	@tests/e2e/clean-root.sh

# ------------------------------------------------------------------ lint

# So many states of a function the analyzer explores. Its own bound, 225,000, takes six times as long and finds what
# hides deeper: lint-deep.
EXPLORE := 20000
TIDY := $(patsubst %.c,build/lint/$(EXPLORE)/%.tidy,$(ALL_C))
.PHONY: lint lint-deep format tidy
lint: ## formatting, clang-tidy, layers, words, service units; quick when little has changed
	@packaging/set-up.sh build lint
	@code=0; \
	clang-format --dry-run -Werror $(ALL_C) $(ALL_H) || code=1; \
	tools/check-layers.sh || code=1; \
	tools/check-words.sh || code=1; \
	tools/check-units.sh || code=1; \
	$(MAKE) -k tidy || code=1; \
	[ $$code -ne 0 ] || echo "lint: ok"; \
	exit $$code

lint-deep: ## lint, the analyzer without a bound of ours (a quarter of an hour)
	@$(MAKE) lint EXPLORE=225000

format: ## rewrite the sources as .clang-format says
	@clang-format -i $(ALL_C) $(ALL_H)

tidy: $(TIDY)
build/lint/$(EXPLORE)/%.tidy: %.c .clang-tidy tests/.clang-tidy
	@mkdir -p $(@D)
	@echo "  tidy     $<"
	@clang-tidy -quiet --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang \
		--extra-arg=max-nodes=$(EXPLORE) $< -- -std=c11 $(CPPFLAGS_ALL) $(PKG_CFLAGS) 2>$@.err || \
		{ cat $@.err >&2; exit 1; }
	@gcc -std=c11 $(CPPFLAGS_ALL) $(PKG_CFLAGS) -MM -MP -MT $@ -MF $@.d $<
	@touch $@
-include $(addsuffix .d,$(TIDY))

# ------------------------------------------------------------------ installing, cleaning, help

.PHONY: install clean help
install: programs ## into PREFIX (/usr/local), below DESTDIR when that is given
	@packaging/install.sh "$(BUILD)" "$(DESTDIR)" "$(PREFIX)"

clean: ## remove everything that was built
	@rm -rf build

help: ## this list
	@echo "make TARGET [VARIABLE=value]:"
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile
