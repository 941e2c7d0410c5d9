# SPDX-License-Identifier: MIT
# tokenring: `make help` lists the targets.  V=1 shows the commands.

prefix      ?= /usr/local
exec_prefix ?= $(prefix)
bindir      ?= $(exec_prefix)/bin
libexecdir  ?= $(exec_prefix)/libexec
sysconfdir  ?= /etc
mandir      ?= $(prefix)/share/man
# Where Linux-PAM looks for modules is not guessed: set it for your system.
pamdir      ?= $(exec_prefix)/lib/security

CC        ?= cc
PKG_CONFIG ?= pkg-config
INSTALL   ?= install
PYTHON    ?= /usr/bin/python3
WERROR    ?=
VARIANT   ?= release
VERSION   := 0.1
Q := $(if $(V),,@)
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

B          := build/$(VARIANT)
workerdir  := $(libexecdir)/tokenring
HARDEN     := -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2 -fPIC
ifneq ($(filter x86_64 i686,$(shell uname -m)),)
HARDEN     += -fcf-protection
endif
OPTIMISE   := -O2 -g
SANITIZE   :=
ifneq ($(findstring asan,$(VARIANT)),)
OPTIMISE   := -O1 -g -fno-omit-frame-pointer
SANITIZE   := -fsanitize=address,undefined -fno-sanitize-recover=undefined
HARDEN     := -fPIC
endif
ifneq ($(findstring clang,$(VARIANT)),)
CC         := clang
endif
ifneq ($(findstring fuzz,$(VARIANT)),)
SANITIZE   := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
OPTIMISE   := -O1 -g -fno-omit-frame-pointer
HARDEN     := -fPIC
endif

# The worker's system call filter, where the library is there.
SECCOMP := $(shell $(PKG_CONFIG) --exists libseccomp 2>/dev/null && echo yes)

OUR_CPPFLAGS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 $(if $(SECCOMP),-DHAVE_SECCOMP) -Ilibcommon -Ihelper -Ipam \
	-DVERSION='"$(VERSION)"' -DLIBEXECDIR='"$(workerdir)"' -DSYSCONFDIR='"$(sysconfdir)"'
# Texts are cut to their buffers by design.
OUR_CFLAGS := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wno-format-truncation -fvisibility=hidden \
	$(WERROR) $(OPTIMISE) $(HARDEN) $(SANITIZE)
ifneq ($(findstring clang,$(CC)),)
OUR_CFLAGS += -Wno-unknown-warning-option
endif
OUR_LDFLAGS := -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed $(SANITIZE)

# --- what is built of what -------------------------------------------------

COMMON := $(sort $(notdir $(basename $(wildcard libcommon/*.c))))
FRONT  := tokenring options front broker renew refresh net store store_file store_worker credential other other_call facts sign_ins ask device \
	browser browser_open loopback loopback_http loopback_peer login_person \
	json_scan exchange api_url api_fields api_body api_send api_status api_page api_action api_wait \
	api_date api_progress cmd_api \
	cmd_login cmd_logout cmd_status cmd_token cmd_curl cmd_config git git_ask git_other git_request git_settings \
	dialect json_out docker docker_server docker_other bazel kubectl text_edit json_edit yaml_edit tool
FRONT  += cmd_configure $(filter configure%,$(notdir $(basename $(wildcard helper/*.c))))
FRONT  += cmd_doctor $(filter doctor%,$(notdir $(basename $(wildcard helper/*.c))))
NET    := tokenring-net $(filter net_%,$(notdir $(basename $(wildcard helper/net_*.c))))
SECRET := tokenring-secret credential secret_base64 secret_describe secret_items secret_keep secret_list secret_match secret_other secret_salt \
	secret_search secret_service secret_watchdog
PAM    := $(sort $(notdir $(basename $(wildcard pam/*.c))))

# SHA-256 is all that is wanted of it: no library to load at each start.
LIBMD       := $(if $(findstring /,$(shell $(CC) -print-file-name=libmd.a)),-l:libmd.a,libmd)
FRONT_PKGS  := json-c libkeyutils liburiparser $(LIBMD)
# In this order the loader searches them, for nine thousand symbols at each start.
NET_PKGS    := libcrypto libssl -lc libcurl json-c $(LIBMD)
SECRET_PKGS := libsecret-1
LINKS       := git-credential-tokenring docker-credential-tokenring bazel-credential-tokenring
MAN         := helper/tokenring.1 helper/tokenring.conf.5 pam/pam_sainet.8

common  := $(COMMON:%=$(B)/libcommon/%.o)
library := $(B)/libcommon.a
objects  = $(patsubst %,$(B)/$(1)/%.o,$(2))
programs := $(B)/tokenring $(B)/tokenring-net $(B)/tokenring-secret
module  := $(B)/pam_sainet.so

.PHONY: all setup check check-system check-oauth soak demo sim bench fuzz mutants lint format \
	install uninstall clean clean-variant help FORCE

all: $(programs) $(module)

# A change of flags or directories rebuilds everything of the variant.
flags := $(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS)
$(B)/flags: FORCE
	$(Q)mkdir -p $(@D) && echo '$(subst ','\'',$(flags))' | cmp -s - $@ || echo '$(subst ','\'',$(flags))' >$@

# Only these see the headers of the heavy libraries.
pkgs_of = $(if $(filter %/http %/http_%,$(1)),libcurl,)$(if $(filter %/tokenring-secret helper/secret_%,$(1)), libsecret-1,)
$(B)/%.o: %.c $(B)/flags Makefile
	$(if $(Q),@echo "  CC    $@")
	$(Q)mkdir -p $(@D) && $(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(if $(strip $(call pkgs_of,$*)),`$(PKG_CONFIG) --cflags $(call pkgs_of,$*)`) \
		$(OUR_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(library): $(common)
	$(Q)rm -f $@ && ar rcs $@ $^

# Packages by their names, libraries and flags as they are; in their order.
libs = $(foreach p,$(1),$(if $(filter -%,$(p)),$(p),`$(PKG_CONFIG) --libs $(p)`))
link = $(if $(Q),echo "  LINK  $@";) $(CC) -pie $(OUR_CFLAGS) $(OUR_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(library) \
	$(call libs,$(1))

$(B)/tokenring: $(call objects,helper,$(FRONT)) $(library)
	@$(call link,$(FRONT_PKGS))
$(B)/tokenring-net: private OUR_LDFLAGS += -Wl,--export-dynamic -Wl,--exclude-libs,libmd.a
$(B)/tokenring-net: $(call objects,helper,$(NET)) $(library)
	@$(call link,$(NET_PKGS))
# The worker's filter is compiled here, so that no start of it has to.
ifdef SECCOMP
$(B)/filter: helper/filter.c $(B)/flags
	$(Q)$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< `$(PKG_CONFIG) --cflags --libs libseccomp`
$(B)/include/net_filter.h: $(B)/filter
	$(Q)mkdir -p $(@D) && $(B)/filter >$@.new && mv $@.new $@
$(B)/helper/net_seccomp.o $(B)/unit/net_seccomp_test: $(B)/include/net_filter.h
$(B)/helper/net_seccomp.o $(B)/unit/net_seccomp_test: private OUR_CPPFLAGS += -I$(B)/include
endif

$(B)/tokenring-secret: $(call objects,helper,$(SECRET)) $(library)
	@$(call link,$(SECRET_PKGS))
$(module): $(call objects,pam,$(PAM)) $(library) pam/pam_sainet.map
	$(if $(Q),@echo "  LINK  $@")
	$(Q)$(CC) -shared $(OUR_CFLAGS) $(OUR_LDFLAGS) -Wl,-z,defs -Wl,--exclude-libs,ALL \
		-Wl,--version-script=pam/pam_sainet.map $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(library) -lpam

# --- tests -----------------------------------------------------------------

unit_tests := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*_test.c))
tools      := $(patsubst tests/tools/%.c,$(B)/tools/%,$(wildcard tests/tools/*.c))

# A unit test is linked with what they share, the whole core and the front's own
# parts but main.
unit_parts  := $(patsubst %.c,$(B)/%.o,$(filter-out %_test.c,$(wildcard tests/unit/*.c)))
front_parts := $(filter-out $(B)/helper/tokenring.o,$(call objects,helper,$(FRONT)))
$(B)/unit/%: tests/unit/%.c $(unit_parts) $(library) $(front_parts) $(B)/flags
	$(if $(Q),@echo "  UNIT  $@")
	$(Q)mkdir -p $(@D) && $(CC) -pie $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(OUR_LDFLAGS) -Wno-missing-prototypes $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< \
		$(unit_parts) $(front_parts) $(library) $(call libs,cmocka $(FRONT_PKGS) $(NET_PKGS))
$(B)/tools/%: tests/tools/%.c $(B)/flags
	$(Q)mkdir -p $(@D) && $(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) -Wno-missing-prototypes $(CFLAGS) $(LDFLAGS) -o $@ $< -lpam -ldl

# All targets are one program, which a link's name tells what to be: with
# libFuzzer's driver (VARIANT=clang-fuzz), else with one that replays files.
fuzz_sources := $(wildcard tests/fuzz/*_fuzz.c)
fuzz_targets := $(shell sed -n 's/^FUZZ(\(.*\))$$/\1/p' $(fuzz_sources))
fuzz_driver  := $(if $(findstring fuzz,$(VARIANT)),-fsanitize=fuzzer,$(B)/tests/fuzz/replay.o)
$(B)/fuzz/all: $(fuzz_sources:%.c=$(B)/%.o) $(B)/tests/fuzz/fuzz.o $(B)/tests/fuzz/fake_http.o \
		$(filter %.o,$(fuzz_driver)) $(B)/helper/secret_base64.o $(front_parts) $(library)
	$(Q)mkdir -p $(@D)
	@$(call link,$(FRONT_PKGS) $(NET_PKGS) glib-2.0 $(filter -f%,$(fuzz_driver)))
	$(Q)for t in $(fuzz_targets); do ln -sf all $(@D)/$$t || exit 1; done

.PHONY: unit tools fuzz-targets
unit: $(unit_tests)
tools: $(tools)
fuzz-targets: $(B)/fuzz/all

# --- targets for people ----------------------------------------------------

setup:
	$(Q)tests/setup build demo check

demo:
	$(Q)tests/setup build demo
	$(Q)tests/as-user tests/demo

check:
	$(Q)tests/setup build demo check
	$(Q)tests/as-user tests/check

check-system:
	$(Q)tests/setup build demo check system oauth
	$(Q)tests/each tests/check-system tests/check-oauth
	$(Q)[ -n "$(TESTS)" ] || LONG=1 tests/as-user tests/check

check-oauth:
	$(Q)tests/setup build demo check oauth
	$(Q)tests/check-oauth

soak:
	$(Q)tests/setup build demo check
	$(Q)tests/as-user tests/soak/run

sim:
	$(Q)cd tests && exec $(PYTHON) -m sim

bench:
	$(Q)tests/setup build demo check bench
	$(Q)tests/as-user tests/bench/run
	$(Q)[ "$$(id -u)" != 0 ] || { tests/setup system && tests/check-system tests/system/bench-pam; }

fuzz:
	$(Q)tests/setup build demo check ci
	$(Q)tests/fuzz/run

mutants:
	$(Q)tests/setup build demo check
	$(Q)tests/as-user tests/mutants/run
	$(Q)[ "$$(id -u)" != 0 ] || { tests/setup system && tests/check-system tests/mutants/run; }

lint:
	$(Q)tests/lint

format:
	clang-format -i $(filter-out tests/fuzz/corpus/%,$(wildcard libcommon/*.[ch] helper/*.[ch] pam/*.[ch] tests/*/*.[ch]))

install: all
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(workerdir) $(DESTDIR)$(pamdir) $(DESTDIR)$(sysconfdir) \
		$(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man8
	$(INSTALL) -m 755 $(B)/tokenring $(DESTDIR)$(bindir)/
	for l in $(LINKS); do ln -sf tokenring $(DESTDIR)$(bindir)/$$l || exit 1; done
	$(INSTALL) -m 755 $(B)/tokenring-net $(B)/tokenring-secret $(DESTDIR)$(workerdir)/
	$(INSTALL) -m 644 $(module) $(DESTDIR)$(pamdir)/
	for m in $(wildcard $(MAN)); do $(INSTALL) -m 644 $$m $(DESTDIR)$(mandir)/man$${m##*.}/ || exit 1; done

uninstall:
	rm -f $(addprefix $(DESTDIR)$(bindir)/,tokenring $(LINKS)) $(addprefix $(DESTDIR)$(workerdir)/,tokenring-net tokenring-secret) \
		$(DESTDIR)$(pamdir)/pam_sainet.so $(foreach m,$(MAN),$(DESTDIR)$(mandir)/man$(subst .,,$(suffix $(m)))/$(notdir $(m)))
	-rmdir $(DESTDIR)$(workerdir)

clean:
	rm -rf build
clean-variant:
	rm -rf $(B)

help:
	@echo 'make demo          show the main job on bundled simulators (installs what it needs)'
	@echo 'make check         build and run the tests (no root needed; installs what it needs)'
	@echo 'make check-system  tests with real sshd, sudo, su, login and clients (root); check-oauth too'
	@echo 'make check-oauth   sign-in with a real OAuth 2.0 server (Node) and a real browser'
	@echo 'make soak          kills at every step of a renewal, crowds and long rows at an expiry'
	@echo 'make               build into build/release'
	@echo 'make setup         install what build, demo and check need (root or sudo)'
	@echo 'make install       DESTDIR, prefix, bindir, libexecdir, sysconfdir, mandir and pamdir are honoured'
	@echo 'make sim           run the simulators by hand'
	@echo 'make bench         print the performance figures as ratios (as root: also logins through the real libpam)'
	@echo 'make fuzz          feed the parsers FUZZ_TIME seconds each (600); FUZZ names some'
	@echo 'make mutants       take each guard away and see a test fail (as root: also those that only root can see)'
	@echo 'make lint format   static checks; reformat'
	@echo 'make uninstall clean'

-include $(wildcard $(B)/*/*.d $(B)/tests/*/*.d)
