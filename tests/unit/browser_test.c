/* SPDX-License-Identifier: MIT */
/* The address that a browser is sent to, and which answers are this attempt's. */
#include "browser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ISSUER "https://login.example/realms/a"

static void
random_values(void **data)
{
	BROWSER_ATTEMPT a = BROWSER_ATTEMPT_INIT;
	BROWSER_ATTEMPT b = BROWSER_ATTEMPT_INIT;
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(browser_attempt_begin(&a, &err), 0);
	assert_int_equal(browser_attempt_begin(&b, &err), 0);
	assert_int_equal(a.state.len, 43);
	assert_int_equal(a.verifier.len, 43);
	assert_string_not_equal(a.state.ptr, a.verifier.ptr);
	assert_string_not_equal(a.state.ptr, b.state.ptr);
	assert_string_not_equal(a.verifier.ptr, b.verifier.ptr);
}

/* RFC 7636, appendix B. */
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define BEFORE    "response_type=code&client_id=a%20b"
#define AFTER                                                                  \
	"&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&state=st"         \
	"&code_challenge=" CHALLENGE "&code_challenge_method=S256"

/* clang-format off */
static const char *const addresses[][2] = {
	{"https://l.example/auth", "https://l.example/auth?" BEFORE AFTER},
	{"https://l.example/auth?", "https://l.example/auth?" BEFORE AFTER},
	{"https://l.example/auth?x=1", "https://l.example/auth?x=1&" BEFORE AFTER},
	{"https://l.example/auth?x=1&", "https://l.example/auth?x=1&" BEFORE AFTER},
};
/* clang-format on */

static void
addresses_are_composed(void **data)
{
	struct profile p = {.name = "p", .provider = PROVIDER_OAUTH2};
	struct browser_server server = {NULL, NULL, false};
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	p.value[CONF_CLIENT_ID] = "a b";
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		BROWSER_ATTEMPT a = BROWSER_ATTEMPT_INIT;
		SECBUF url = SECBUF_INIT(BROWSER_URL_MAX);

		a.server = &server;
		server.authorization_url = addresses[i][0];
		assert_int_equal(secbuf_set(&a.state, "st"), 0);
		assert_int_equal(secbuf_set(&a.verifier, VERIFIER), 0);
		assert_int_equal(browser_url(&a, &p,
				     "http://127.0.0.1:1/callback", &url, &err),
		    0);
		assert_string_equal(url.ptr, addresses[i][1]);
	}
}

static void
too_long_an_address_is_an_error(void **data)
{
	struct profile p = {.name = "p", .provider = PROVIDER_OAUTH2};
	struct browser_server server = {"https://l.example/", NULL, false};
	BROWSER_ATTEMPT a = BROWSER_ATTEMPT_INIT;
	SECBUF url = SECBUF_INIT(BROWSER_URL_MAX);
	struct err err = ERR_INIT;
	char scope[BROWSER_URL_MAX];

	(void)data;
	memset(scope, 's', sizeof(scope));
	scope[sizeof(scope) - 1] = '\0';
	p.value[CONF_CLIENT_ID] = "c";
	p.value[CONF_SCOPE] = scope;
	a.server = &server;
	assert_int_equal(browser_url(&a, &p, "x", &url, &err), ERR_CONFIG);
}

/* clang-format off */
static const struct {
	const char *issuer;
	bool promised;
	const char *query[4][2];
	bool answer;       /* does it end the wait? */
	int code;          /* of the attempt then */
	const char *text;  /* the code, or a part of the message */
} answers[] = {
	{ISSUER, true, {{"state", "st"}, {"code", "c"}, {"iss", ISSUER}}, true, 0, "c"},
	{ISSUER, true, {{"state", "st"}, {"code", "c"}}, true, ERR_PROTOCOL, "which issuer"},
	{ISSUER, true, {{"state", "st"}, {"code", "c"}, {"iss", ""}}, true, ERR_PROTOCOL, "another issuer"},
	{ISSUER, true, {{"state", "st"}, {"code", "c"}, {"iss", ISSUER "/"}}, true, ERR_PROTOCOL, "another issuer"},
	{ISSUER, true, {{"state", "st"}, {"error", "access_denied"}}, true, ERR_PROTOCOL, "which issuer"},
	{ISSUER, false, {{"state", "st"}, {"code", "c"}}, true, 0, "c"},
	{ISSUER, false, {{"state", "st"}, {"code", "c"}, {"iss", "x"}}, true, ERR_PROTOCOL, "another issuer"},
	{NULL, false, {{"state", "st"}, {"code", "c"}, {"iss", "x"}}, true, 0, "c"},
	{NULL, false, {{"state", "st"}, {"code", "c"}, {"error", "access_denied"}}, true, ERR_DENIED, "declined"},
	{NULL, false, {{"state", "st"}, {"error", "access_denied"}}, true, ERR_DENIED, "declined"},
	{NULL, false, {{"state", "st"}, {"error", "strange\n"}}, true, ERR_DENIED, "strange?"},
	{NULL, false, {{"state", "st"}, {"code", ""}}, true, ERR_PROTOCOL, "neither"},
	{NULL, false, {{"state", "st"}}, true, ERR_PROTOCOL, "neither"},
	{NULL, false, {{"state", "st"}, {"code", "a\x7f"}}, true, ERR_PROTOCOL, "character"},
	{NULL, false, {{"state", "s"}, {"code", "c"}}, false, 0, ""},
	{NULL, false, {{"state", "stt"}, {"code", "c"}}, false, 0, ""},
	{NULL, false, {{"state", "sT"}, {"code", "c"}}, false, 0, ""},
	{NULL, false, {{"state", ""}, {"code", "c"}}, false, 0, ""},
	{NULL, false, {{"code", "c"}}, false, 0, ""},
	{NULL, false, {{"state", "x"}, {"error", "access_denied"}}, false, 0, ""},
};
/* clang-format on */

static void
answers_are_judged(void **data)
{
	size_t i, k;

	(void)data;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct browser_server server = {"https://l.example/",
		    answers[i].issuer, answers[i].promised};
		BROWSER_ATTEMPT a = BROWSER_ATTEMPT_INIT;
		struct loopback_query q = {.n = 0};

		a.server = &server;
		assert_int_equal(secbuf_set(&a.state, "st"), 0);
		for (k = 0; k < 4 && answers[i].query[k][0] != NULL; k++) {
			q.param[k].name = answers[i].query[k][0];
			q.param[k].value = answers[i].query[k][1];
			q.n++;
		}
		if (browser_judge(&a, &q) != answers[i].answer ||
		    a.why.code != answers[i].code)
			fail_msg("answer %zu: %d %s", i, a.why.code, a.why.msg);
		if (a.why.code != 0)
			assert_non_null(strstr(a.why.msg, answers[i].text));
		assert_string_equal(
		    a.code.ptr, a.why.code == 0 ? answers[i].text : "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_values),
	    cmocka_unit_test(addresses_are_composed),
	    cmocka_unit_test(too_long_an_address_is_an_error),
	    cmocka_unit_test(answers_are_judged),
	};

	return cmocka_run_group_tests_name("browser", tests, NULL, NULL);
}
