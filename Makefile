# SPDX-License-Identifier: BSD-3-Clause
# shrike: build, test, install. `make help` lists the targets.

VERSION  := 0.1.0
ABI      := 0
FLAVOUR  ?= release
FLAVOURS := release debug asan tsan cov fuzz
ifeq ($(filter $(FLAVOUR),$(FLAVOURS)),)
$(error unknown FLAVOUR '$(FLAVOUR)': one of $(FLAVOURS))
endif

PREFIX   ?= /usr/local
BINDIR   ?= $(PREFIX)/bin
LIBDIR   ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR  ?= $(PREFIX)/share
DESTDIR  ?=
V        ?= 0
Q        := $(if $(filter 1,$(V)),,@)
SAY      = $(if $(filter 1,$(V)),@:,@printf '  %-8s %s\n')

OUT      := build/$(FLAVOUR)
PARSERS  := $(patsubst plugin/%/,%,$(wildcard plugin/proto/*/))
ROOMS    := base fields packet yaml capture flow rule tcp value proto $(PARSERS) import import/stix import/suricata/read import/suricata ruleset lint sigma compile match engine output
LIB_SRC  := $(sort $(wildcard $(ROOMS:%=plugin/%/*.c)))
CLI_SRC  := $(sort $(wildcard plugin/hosts/cli/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/*_test.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*_fuzz.c))
HEADERS  := $(sort $(wildcard include/shrike/*.h plugin/*/*.h plugin/*/*/*.h plugin/*/*/*/*.h))
obj      = $(patsubst %.c,$(OUT)/obj/%.o,$(1))

PKGS     := libpcap libhs yaml-0.1 zlib libzstd libbrotlidec gnutls nettle libpcre2-8 jansson libpsl libidn2
PKG_CONFIG ?= pkg-config
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)
PKG_LIBS   += -lm

CC       ?= cc
OBJCOPY  ?= objcopy
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wundef -Wswitch-enum -Wcast-qual -Wformat=2 -Werror=implicit-function-declaration \
            $(if $(filter release,$(FLAVOUR)),$(if $(CI),-Werror)) # sanitizers make gcc warn of their own code
BASE_CFLAGS := -std=gnu11 -D_GNU_SOURCE -DSHRIKE_VERSION='"$(VERSION)"' -Iinclude -Iplugin \
            -fvisibility=hidden -fPIC -pthread $(WARNINGS) $(PKG_CFLAGS)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS_release := -O2 -g -DNDEBUG -fno-plt -fno-semantic-interposition
FLAGS_debug   := -O0 -g3
FLAGS_asan    := -O1 -g $(SANITIZE)
FLAGS_tsan    := -O1 -g -fsanitize=thread
FLAGS_cov     := -O0 -g --coverage
FLAGS_fuzz    := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
ifeq ($(FLAVOUR),fuzz)
CC       := clang
endif
ALL_CFLAGS := $(BASE_CFLAGS) $(FLAGS_$(FLAVOUR)) $(CFLAGS)
LINK     = $(CC) -pthread $(FLAGS_$(FLAVOUR)) $(LDFLAGS)

INNER    := $(OUT)/inner/libshrike.a
STATIC   := $(OUT)/libshrike.a
SHARED   := $(OUT)/libshrike.so.$(VERSION)
SHRIKE   := $(OUT)/shrike
UNITS    := $(UNIT_SRC:tests/unit/%.c=$(OUT)/unit/%)
REPLAYS  := $(FUZZ_SRC:tests/fuzz/%.c=$(OUT)/replay/%)
FUZZERS  := $(FUZZ_SRC:tests/fuzz/%.c=$(OUT)/fuzz/%)

.PHONY: all check check-asan check-unit check-golden check-fuzz check-corpora lint format fuzz bench golden docs \
        install dist-check deps clean help units
.DELETE_ON_ERROR:

all: $(SHRIKE) $(STATIC) $(SHARED) ## Build the command, the libraries (FLAVOUR=release|debug|asan|tsan|cov|fuzz)
	$(if $(filter release,$(FLAVOUR)),$(Q)ln -sf release/shrike build/shrike)

deps: ## Install everything that building and testing needs (apt, as root)
	$(Q)sh tests/deps.sh

$(OUT)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# What the command and the tests link with: all names are visible to them.
$(INNER): $(call obj,$(LIB_SRC))
	@mkdir -p $(@D)
	$(SAY) AR $@
	$(Q)rm -f $@ && $(AR) qcs $@ $^

# What is installed: one object in which only the public names are global, as in the shared library.
$(STATIC): $(call obj,$(LIB_SRC)) tests/lint/symbols
	$(SAY) AR $@
	$(Q)$(CC) -r -nostdlib -o $(OUT)/libshrike.o $(filter %.o,$^) && \
	    $(OBJCOPY) --keep-global-symbols=tests/lint/symbols $(OUT)/libshrike.o && \
	    rm -f $@ && $(AR) qcs $@ $(OUT)/libshrike.o

$(SHARED): $(call obj,$(LIB_SRC))
	$(SAY) LD $@
	$(Q)$(LINK) -shared -Wl,-soname,libshrike.so.$(ABI) -o $@ $^ $(PKG_LIBS)
	$(Q)ln -sf libshrike.so.$(VERSION) $(OUT)/libshrike.so.$(ABI) && ln -sf libshrike.so.$(ABI) $(OUT)/libshrike.so

$(SHRIKE): $(call obj,$(CLI_SRC)) $(INNER)
	$(SAY) LD $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(OUT)/unit/%: $(OUT)/obj/tests/unit/%.o $(INNER)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS) -lcmocka

$(OUT)/replay/%: $(OUT)/obj/tests/fuzz/%.o $(OUT)/obj/tests/fuzz/main.o $(INNER)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(OUT)/fuzz/%: $(OUT)/obj/tests/fuzz/%.o $(INNER)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)

# Hosts of the public API alone: they link with what is installed.
$(OUT)/host/%: $(OUT)/obj/tests/oracle/%.o $(STATIC)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(OUT)/obj/tests/%.o: ALL_CFLAGS += -Itests -DTESTS_DIR='"tests"' -Wno-missing-prototypes -UNDEBUG

units: $(UNITS)
check: all $(UNITS) $(REPLAYS) ## Unit, golden and fuzz-corpus tests (FLAVOUR=... for another build)
	$(Q)sh tests/run.sh $(OUT)
check-unit: $(UNITS) ## Unit tests alone
	$(Q)sh tests/run.sh $(OUT) unit
check-golden: all ## Golden tests alone
	$(Q)sh tests/run.sh $(OUT) golden
check-asan: ## The same tests under ASan and UBSan
	$(Q)$(MAKE) FLAVOUR=asan check
check-corpora: all $(OUT)/host/captures_host ## All of ../shared/corpora: sanitizers, threads, tshark field by field, JA4, rules of Suricata (40 minutes)
	$(Q)$(MAKE) FLAVOUR=asan all
	$(Q)sh tests/oracle/run.sh build/release build/asan
golden: all ## Rewrite the expected outputs of the golden tests (review the diff)
	$(Q)sh tests/golden/run.sh $(OUT) --rewrite

fuzz: ## Fuzz every target for FUZZ_SECONDS (60) each
	$(Q)$(MAKE) FLAVOUR=fuzz fuzzers && sh tests/fuzz/run.sh build/fuzz/fuzz $(or $(FUZZ_SECONDS),60)
.PHONY: fuzzers
fuzzers: $(FUZZERS)

$(OUT)/bench/%: $(OUT)/obj/bench/%.o $(INNER)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

bench-lists: all $(OUT)/bench/lists ## What lists of 10^4 to 10^6 entries cost: time, memory, ns a look-up
	$(Q)python3 bench/lists.py $(OUT)
.PHONY: bench-lists

bench: all ## Speed against Suricata, raw reading and raw Hyperscan, as ratios
	$(Q)sh bench/run.sh $(OUT)

lint: all ## clang-format, clang-tidy, cppcheck, floors, headers alone, banned words, docs current
	$(Q)sh tests/lint/run.sh
format: ## Reformat all C files
	$(Q)clang-format -i $(LIB_SRC) $(CLI_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(HEADERS)
docs: all ## Generate docs/fields.md and docs/checks.md from their tables
	$(Q)build/shrike fields --format markdown > docs/fields.md
	$(Q)build/shrike check --list-checks --format markdown > docs/checks.md

$(OUT)/shrike.pc: packaging/shrike.pc.in Makefile
	$(Q)sed -e 's,@PREFIX@,$(PREFIX),' -e 's,@LIBDIR@,$(LIBDIR),' -e 's,@INCLUDEDIR@,$(INCLUDEDIR),' \
	    -e 's,@VERSION@,$(VERSION),' -e 's,@REQUIRES@,$(PKGS),' $< > $@

install: all $(OUT)/shrike.pc ## Install under DESTDIR and PREFIX
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/shrike \
	    $(DESTDIR)$(DATADIR)/shrike/rules $(DESTDIR)$(DATADIR)/man/man1
	install -m 755 $(SHRIKE) $(DESTDIR)$(BINDIR)/shrike
	install -m 644 $(STATIC) $(DESTDIR)$(LIBDIR)/
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)/
	ln -sf libshrike.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libshrike.so.$(ABI)
	ln -sf libshrike.so.$(ABI) $(DESTDIR)$(LIBDIR)/libshrike.so
	install -m 644 include/shrike/*.h $(DESTDIR)$(INCLUDEDIR)/shrike/
	install -m 644 $(OUT)/shrike.pc $(DESTDIR)$(LIBDIR)/pkgconfig/
	install -m 644 rules/*.yml $(DESTDIR)$(DATADIR)/shrike/rules/
	install -m 644 docs/shrike.1 $(DESTDIR)$(DATADIR)/man/man1/

dist-check: ## A clean export of HEAD builds, tests and installs
	$(Q)sh tests/dist_check.sh

clean: ## Remove all that was built
	rm -rf build

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

-include $(shell find build/$(FLAVOUR)/obj -name '*.d' 2>/dev/null)
