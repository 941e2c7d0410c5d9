/* SPDX-License-Identifier: MIT */
/* What tells one stored token from another, and what does not. */
#include "fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"

#define CONF CLEANUP(conf_freep) struct conf

#define OAU                                                                    \
	"[profile p]\nprovider = oauth2\ntoken_url = https://o.example/t\n"    \
	"client_id = c\n"
#define ERP                                                                    \
	"[profile p]\nprovider = sainet\nurl = https://e.example\n"            \
	"domain = PROD\n"

static void
of_text(const char *text, const char *account, char ret[FINGERPRINT_LEN + 1])
{
	CONF *c = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(conf_new(&c, &err), 0);
	assert_int_equal(conf_read_text(c, "t", text, strlen(text), &err), 0);
	conf_finish(c);
	assert_int_equal(conf_check(c, &err), 0);
	memset(ret, '#', FINGERPRINT_LEN + 1);
	fingerprint(conf_at(c, 0), account, ret);
	assert_int_equal(strlen(ret), FINGERPRINT_LEN);
	assert_int_equal(strspn(ret, "0123456789abcdef"), FINGERPRINT_LEN);
}

static void
expect_same(const char *a, const char *b, bool same)
{
	char fa[FINGERPRINT_LEN + 1], fb[FINGERPRINT_LEN + 1];

	of_text(a, "alice", fa);
	of_text(b, "alice", fb);
	if ((strcmp(fa, fb) == 0) != same)
		fail_msg("'%s' and '%s'", a, b);
}

/*
 * The format is stored with people: it may not change unseen.  From
 *	h = sha256()
 *	for f in fields: h.update(struct.pack('>I', len(f)) + f)
 * with "tokenring 1", provider, issuer, token_url, authorization_url,
 * device_authorization_url, revocation_url, client_id, scope, audience, url,
 * domain and the account, absent ones empty.
 */
static void
known_values(void **data)
{
	char fp[FINGERPRINT_LEN + 1];

	(void)data;
	of_text(ERP, "alice", fp);
	assert_string_equal(fp, "5d61c20b834e74cfa8e87e805a3f4328");
	of_text(OAU "scope = a b\naudience = \xc3\xa9\n", "", fp);
	assert_string_equal(fp, "ca5fd61cfd6233aeb7ba64207ec1c6d7");
}

static void
what_counts(void **data)
{
	static const char *const lines[] = {"issuer = https://i.example\n",
	    "authorization_url = https://o.example/a\n",
	    "device_authorization_url = https://o.example/d\n",
	    "revocation_url = https://o.example/r\n", "scope = s\n",
	    "audience = a\n"};
	char text[512], other[512];
	size_t i, k;

	(void)data;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		(void)snprintf(text, sizeof(text), OAU "%s", lines[i]);
		expect_same(OAU, text, false);
		for (k = 0; k < i; k++) {
			(void)snprintf(
			    other, sizeof(other), OAU "%s", lines[k]);
			expect_same(other, text, false);
		}
	}
	expect_same(ERP,
	    "[profile p]\nprovider = sainet\nurl = https://e.example\n"
	    "domain = TEST\n",
	    false);
	expect_same(ERP,
	    "[profile p]\nprovider = sainet\nurl = https://f.example\n"
	    "domain = PROD\n",
	    false);
	expect_same(ERP,
	    "[profile p]\nprovider = sainet\n"
	    "url = https://e.example https://f.example\ndomain = PROD\n",
	    false);
	expect_same("[profile p]\nprovider = itcare\nclient_id = c\n",
	    "[profile p]\nprovider = itcare\nclient_id = d\n", false);
	/* The same endpoints under another provider are another thing. */
	expect_same("[profile p]\nprovider = itcare\nclient_id = c\n",
	    "[profile p]\nprovider = oauth2\nclient_id = c\n"
	    "issuer = https://accounts.cegedim.cloud/auth/realms/cloud\n"
	    "token_url = https://accounts.cegedim.cloud/auth/realms/cloud/"
	    "protocol/openid-connect/token\n",
	    false);
}

static void
what_does_not_count(void **data)
{
	static const char *const lines[] = {"match = https://m.example\n",
	    "api_url = https://m.example\n", "timeout = 3s\n",
	    "min_valid = 5min\n", "store = none\n", "ca_file = /c.pem\n",
	    "proxy = http://p\n", "basic_username = u\n",
	    "client_auth = post\n", "client_secret_file = /s\n",
	    "# a comment\n"};
	char text[512];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		(void)snprintf(text, sizeof(text), OAU "%s", lines[i]);
		expect_same(OAU, text, true);
	}
	expect_same(ERP,
	    "\n[profile other]\ndomain =  PROD \nurl=https://e.example\n"
	    "provider = sainet\n",
	    true);
	/* What is preset counts as if it stood there. */
	expect_same("[profile p]\nprovider = itcare\nclient_id = c\n",
	    "[profile p]\nprovider = itcare\nclient_id = c\n"
	    "issuer = https://accounts.cegedim.cloud/auth/realms/cloud\n",
	    true);
}

/* Where one field ends and the next begins is part of what is hashed. */
static void
fields_do_not_run_together(void **data)
{
	(void)data;
	expect_same(OAU "scope = ab\naudience = c\n",
	    OAU "scope = a\naudience = bc\n", false);
	expect_same(OAU "scope = ab\n", OAU "audience = ab\n", false);
	expect_same(OAU "authorization_url = https://o.example/x\n",
	    OAU "device_authorization_url = https://o.example/x\n", false);
}

static void
accounts(void **data)
{
	char a[FINGERPRINT_LEN + 1], b[FINGERPRINT_LEN + 1];

	(void)data;
	of_text(ERP, "alice", a);
	of_text(ERP, "bob", b);
	assert_string_not_equal(a, b);
	of_text(ERP, "Alice", b);
	assert_string_not_equal(a, b);
	of_text(ERP, "alice ", b);
	assert_string_not_equal(a, b);
	of_text(ERP, NULL, a);
	of_text(ERP, "", b);
	assert_string_equal(a, b);
	/* The profile's own `account` is the caller's business. */
	of_text(ERP "account = zoe\n", "alice", a);
	of_text(ERP, "alice", b);
	assert_string_equal(a, b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_values),
	    cmocka_unit_test(what_counts),
	    cmocka_unit_test(what_does_not_count),
	    cmocka_unit_test(fields_do_not_run_together),
	    cmocka_unit_test(accounts),
	};

	return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
