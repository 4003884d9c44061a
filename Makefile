# rserverd: GNU make. `make help` lists the targets.
#   BUILD=dir      where objects and binaries go (build)
#   PHP_CONFIG=    the PHP to build the engine for (php-config8.2, else php-config)
#   V=1            show the commands     D=1  debug build     SAN=1  ASan + UBSan     E=0  warnings are not errors
#   BROTLI=1       http_compression knows br (libbrotli); not changed within one BUILD
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

BUILD ?= build
CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
PHP_CONFIG ?= $(firstword $(shell command -v php-config8.2 php-config 2>/dev/null))
PREFIX ?= /usr/local
DESTDIR ?=
Q := $(if $(V),,@)

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
        -Wsign-compare -Wvla -Wformat=2 -Wundef
WARN += $(if $(filter 0,$(E)),,-Werror)
# the sanitizers make -O2 twice as slow to compile and little faster to run; their reports need lines, no variables
OPT := $(if $(D),-O0 -g,$(if $(SAN),-O1 -g1,-O2 -g))
comma := ,
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
LIBDIR = $(PREFIX)/lib/rserverd
DEFS := -D_GNU_SOURCE -DRS_LIBDIR='"$(LIBDIR)"' -DRS_VERSION='"$(shell cat VERSION)"' $(if $(BROTLI),-DRS_BROTLI)
CFLAGS_ALL = -std=gnu11 $(OPT) $(WARN) $(SANFLAGS) -fno-common -fPIC -fvisibility=hidden -fstack-protector-strong $(CFLAGS)
CPPFLAGS_ALL = -Isrc $(DEFS) $(CPPFLAGS)
LDFLAGS_ALL = $(SANFLAGS) -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# The variable $1 becomes what the command $2 says: asked where it is needed first, and then no more.
ask = $(eval $1 := $$(shell $2))$($1)
EVENT_LIBS = $(call ask,EVENT_LIBS,pkg-config --libs libevent_core)
INIH_LIBS = $(call ask,INIH_LIBS,pkg-config --libs inih)
CODING_LIBS = $(call ask,CODING_LIBS,pkg-config --libs zlib $(if $(BROTLI),libbrotlienc libbrotlidec))
H2_LIBS = $(call ask,H2_LIBS,pkg-config --libs libnghttp2)
TLS_LIBS = $(call ask,TLS_LIBS,pkg-config --libs libssl libcrypto)
WS_LIBS = -lwslay $(TLS_LIBS)
PHP_INCLUDES = $(call ask,PHP_INCLUDES,$(PHP_CONFIG) --includes | sed 's/-I/-isystem /g')
PHP_BINARY = $(call ask,PHP_BINARY,$(PHP_CONFIG) --php-binary)
PHP_VERSION = $(call ask,PHP_VERSION,$(PHP_CONFIG) --version | cut -d. -f-2)
PHP_PREFIX = $(call ask,PHP_PREFIX,$(PHP_CONFIG) --prefix)
LIBPHP = $(firstword $(wildcard $(PHP_PREFIX)/lib/libphp$(PHP_VERSION).so $(PHP_PREFIX)/lib/libphp.so))

# ---- what is built from what ------------------------------------------------------------------
SHARED_SRC := $(wildcard src/base/*.c src/conf/*.c src/ipc/*.c src/http/*.c src/packet/*.c src/ws/*.c src/shm/*.c src/tls/*.c)
DAEMON_SRC := $(SHARED_SRC) $(wildcard src/h2/*.c src/master/*.c src/reactor/*.c src/cli/*.c)
MODULE_SRC := $(SHARED_SRC) $(wildcard src/worker/*.c src/client/*.c src/httpd/*.c)
SAPI_SRC := $(wildcard sapi/*.c)
FAKE_SRC := $(wildcard tests/fake/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
DAEMON := $(BUILD)/rserverd
MODULE := $(BUILD)/rserverd-php.so
FAKE := $(BUILD)/rserverd-fake.so
SCRIPT := $(BUILD)/script-server
LIBCORE := $(BUILD)/libcore.a

.PHONY: all core module asan unit fuzz-replay fuzz fuzz-sources e2e asan-e2e valgrind check demo lint bench docs install clean help
all: $(DAEMON) $(MODULE) $(FAKE) $(SCRIPT)
core: $(DAEMON) $(FAKE) $(SCRIPT)
module: $(MODULE)

$(DAEMON): $(call obj,src/main.c) $(LIBCORE)
	@echo '  LD    $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(EVENT_LIBS) $(INIH_LIBS) $(WS_LIBS) $(H2_LIBS) -ldl

$(LIBCORE): $(call obj,$(DAEMON_SRC) $(wildcard src/worker/*.c src/client/*.c src/httpd/*.c))
	@echo '  AR    $@'
	$(Q)rm -f $@ && ar rcs $@ $^

# nodelete: a thread of the resolver may still run when PHP unloads its extensions at the end of the process.
$(MODULE): $(call obj,$(MODULE_SRC) $(SAPI_SRC)) | $(BUILD)/php $(BUILD)/bin/php
	@echo '  LD    $@'
	$(Q)$(CC) -shared -Wl,-z,nodelete $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(EVENT_LIBS) $(INIH_LIBS) $(WS_LIBS) $(CODING_LIBS) -lresolv

$(FAKE): $(call obj,$(MODULE_SRC) $(FAKE_SRC))
	@echo '  LD    $@'
	$(Q)$(CC) -shared $(LDFLAGS_ALL) -Wl,-z,defs -o $@ $^ $(EVENT_LIBS) $(INIH_LIBS) $(WS_LIBS) $(CODING_LIBS)

# A server of a script without PHP, for tests of its processes.
$(SCRIPT): $(call obj,tests/script/script_server.c) $(LIBCORE) | $(BUILD)/bin/php
	@echo '  LD    $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o %.a,$^) $(EVENT_LIBS) $(INIH_LIBS) $(WS_LIBS) $(H2_LIBS) $(CODING_LIBS) -ldl -lresolv

# The tree runs in place: the engine's PHP files are found beside the module.
$(BUILD)/php:
	$(Q)mkdir -p $(BUILD) && ln -sfn $(CURDIR)/sapi/php $@

# PHP_BINARY of every process that has the module: src/cli/cli_php.c.
$(BUILD)/bin/php:
	$(Q)mkdir -p $(@D) && ln -sfn ../rserverd $@

PHP_DEFS = -DRS_LIBPHP='"$(LIBPHP)"' -DRS_PHP_BINARY='"$(PHP_BINARY)"' -DRS_PHP_VERSION='"$(PHP_VERSION)"'
$(BUILD)/obj/src/%.o: src/%.c Makefile VERSION
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$(Q)$(CC) $(CPPFLAGS_ALL) $(PHP_DEFS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/obj/sapi/%.o: sapi/%.c Makefile VERSION
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$(Q)$(CC) $(CPPFLAGS_ALL) $(PHP_DEFS) -Isapi $(PHP_INCLUDES) $(CFLAGS_ALL) -Wno-cast-qual -Wno-shadow -Wno-undef -MMD -MP -c -o $@ $<

$(BUILD)/obj/tests/%.o: tests/%.c Makefile VERSION
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$(Q)$(CC) $(CPPFLAGS_ALL) -Itests $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- tests ---------------------------------------------------------------------------------------
# Unit tests: tests/unit/**/test_*.c, each a cmocka program that #includes the .c it tests. Always with sanitizers.
UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))
$(BUILD)/unit/%: tests/unit/%.c $(LIBCORE)
	@mkdir -p $(@D)
	@echo '  UNIT  $<'
	$(Q)$(CC) $(CPPFLAGS_ALL) $(PHP_DEFS) -Itests/unit -Itests $(CFLAGS_ALL) -Wno-missing-prototypes -MMD -MP $(LDFLAGS_ALL) -o $@ $< $(LIBCORE) -lcmocka $(EVENT_LIBS) $(INIH_LIBS) $(WS_LIBS) $(H2_LIBS) $(CODING_LIBS)
-include $(UNIT_BIN:=.d)

unit-run: $(UNIT_BIN)
	$(Q)set -e; for t in $(UNIT_BIN); do $$t 2>&1 || { echo "FAILED: $$t"; exit 1; }; done
unit:
	$(Q)$(MAKE) --no-print-directory SAN=1 BUILD=$(BUILD)/asan unit-run
asan:
	$(Q)$(MAKE) --no-print-directory SAN=1 BUILD=$(BUILD)/asan all

# Fuzzers: tests/fuzz/fuzz_*.c with LLVMFuzzerTestOneInput; corpora in tests/fuzz/corpus/NAME. Replay needs no clang.
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REPLAY := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%_replay,$(FUZZ_SRC))
$(BUILD)/fuzz/%_replay: tests/fuzz/%.c tests/fuzz/replay.c $(LIBCORE)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -Wno-missing-prototypes $(LDFLAGS_ALL) -o $@ $< tests/fuzz/replay.c $(LIBCORE) $(EVENT_LIBS) $(INIH_LIBS) $(WS_LIBS) $(H2_LIBS)
fuzz-replay-run: $(FUZZ_REPLAY)
	$(Q)set -e; for f in $(FUZZ_REPLAY); do n=$$(basename $$f _replay); $$f tests/fuzz/corpus/$${n#fuzz_}; done
fuzz-replay:
	$(Q)$(MAKE) --no-print-directory SAN=1 BUILD=$(BUILD)/asan fuzz-replay-run
# make fuzz T=60 [F=http]: seconds per fuzzer
T ?= 60
fuzz:
	$(Q)bin/fuzz $(T) $(F)
# for bin/fuzz: what a fuzzer is linked with
fuzz-sources:
	@echo $(SHARED_SRC) $(wildcard src/h2/*.c)

e2e: all
	$(Q)bin/e2e $(E2E)

# What a sanitizer build needs to run PHP, and what is a report of it: tests/e2e/lib/daemon.py. It is some three times slower.
asan-e2e: asan
	$(Q)RSERVERD=$(abspath $(BUILD))/asan/rserverd RSERVERD_SLOW=$${RSERVERD_SLOW:-4} bin/e2e -o timeout=480 $(E2E)

valgrind: all
	$(Q)BUILD=$(BUILD) bin/valgrind $(E2E)

lint: $(if $(filter lint,$(MAKECMDGOALS)),,)
	$(Q)bin/lint

check:
	$(Q)bin/check
demo:
	$(Q)bin/demo
bench: all
	$(Q)bin/bench $(B)
docs: $(DAEMON)
	$(Q)bin/docs

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(LIBDIR)/php $(DESTDIR)$(LIBDIR)/bin $(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/doc/rserverd
	install -m 755 $(DAEMON) $(DESTDIR)$(PREFIX)/sbin/rserverd
	install -m 755 $(MODULE) $(DESTDIR)$(LIBDIR)/rserverd-php.so
	ln -sfnr $(DESTDIR)$(PREFIX)/sbin/rserverd $(DESTDIR)$(LIBDIR)/bin/php
	cp -r sapi/php/. $(DESTDIR)$(LIBDIR)/php/
	install -m 644 docs/rserverd.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -m 644 docs/laravels.ini.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 conf/laravels.ini $(DESTDIR)$(PREFIX)/share/doc/rserverd/laravels.ini.sample
	cp -r packaging/. $(DESTDIR)$(PREFIX)/share/doc/rserverd/

clean:
	rm -rf $(BUILD)

help:
	@echo 'make           build/rserverd, build/rserverd-php.so'
	@echo 'make demo      install what is missing, build, serve a real Laravel application'
	@echo 'make check     install what is missing, build, run every test'
	@echo 'make unit | fuzz-replay | e2e [E2E="-k name"] | lint      parts of check'
	@echo 'make asan      build/asan: the same with ASan and UBSan'
	@echo 'make asan-e2e [E2E="-k name"]      end-to-end tests on it'
	@echo 'make valgrind [E2E="tests/e2e/test_x.py -k name"]      tests with all processes under memcheck'
	@echo 'make fuzz [T=60] [F=http]   make bench [B=name]   make docs   make clean'
	@echo 'make install [DESTDIR=] [PREFIX=/usr/local]'
