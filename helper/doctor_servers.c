/* SPDX-License-Identifier: MIT */
/* With --online: TLS with each profile's servers, and their clocks. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dirs.h"
#include "doctor.h"
#include "http_text.h"
#include "ini.h"
#include "io.h"
#include "net.h"

#define PROBE_MS    3000
#define SERVERS_MAX 30
#define CLOCK_S     120     /* a difference that is worth a warning */
#define SOON_S      1209600 /* two weeks before a certificate ends */
#define DAY_S       86400

static const enum conf_key keys[] = {CONF_URL, CONF_ISSUER, CONF_TOKEN_URL,
    CONF_DEVICE_AUTHORIZATION_URL, CONF_REVOCATION_URL, CONF_API_URL};

static void
say_when(int64_t t, char to[32])
{
	time_t when = (time_t)t;
	struct tm tm;

	(void)strftime(to, 32, "%Y-%m-%d", gmtime_r(&when, &tm));
}

/* Trust on what somebody else has compared; a path that suits the profile. */
static void
say_how_to_trust(struct doctor *d, const struct profile *p, const char *where)
{
	char path[PATH_MAX], quoted[DOCTOR_QUOTED_MAX], name[300];
	const char *colon = strrchr(where, ':');
	struct err ignored = ERR_INIT;
	char *slash;

	if (dirs_user_config(path, sizeof(path) - CONF_NAME_MAX, &ignored) <
		0 ||
	    (slash = strrchr(path, '/')) == NULL)
		(void)snprintf(path, sizeof(path), "/etc/ssl/%s.pem", p->name);
	else
		(void)snprintf(slash + 1,
		    sizeof(path) - (size_t)(slash + 1 - path), "%s.pem",
		    p->name);
	doctor_quote(quoted, path);
	(void)snprintf(name, sizeof(name), "%s%s", where,
	    colon == NULL || strchr(colon, ']') != NULL ? ":443" : "");
	doctor_do(d,
	    "have its administrator confirm that SHA-256; then save it: "
	    "openssl s_client -connect %s </dev/null | openssl x509 -out %s ; "
	    "see that openssl x509 -in %s -noout -sha256 -fingerprint prints "
	    "the same, and add to [profile %s]: ca_file = %s",
	    name, quoted, quoted, p->name, path);
}

static void
report_refused(struct doctor *d, const struct profile *p, const char *where,
    const struct lines *a)
{
	const char *subject = lines_get(a, "subject");
	const char *names = lines_get(a, "names");
	const char *sha256 = lines_get(a, "sha256");
	const char *complaint = lines_get(a, "complaint");
	char ends[32] = "?";
	int64_t t = lines_number(a, "not_after", 0);

	if (t > 0)
		say_when(t, ends);
	doctor_find(d, DOCTOR_ERROR, "certificate",
	    "profile '%s': %s. It names itself '%s', is for %s, ends %s; "
	    "SHA-256 %s",
	    p->name, complaint != NULL ? complaint : "certificate refused",
	    subject != NULL ? subject : "?", names != NULL ? names : "no host",
	    ends, sha256 != NULL ? sha256 : "not seen");
	if (lines_number(a, "authority", 0) == 1)
		say_how_to_trust(d, p, where);
	else
		doctor_do(d, "tell the server's administrator; if the clock "
			     "here is wrong, set it");
}

static void
report_clock(struct doctor *d, const char *where, int64_t date)
{
	int64_t off = date > 0 ? (int64_t)time(NULL) - date : 0;

	if (off >= -CLOCK_S && off <= CLOCK_S)
		return;
	doctor_find(d, DOCTOR_WARNING, "clock-differs",
	    "this machine's clock is %lld s %s that of %s",
	    (long long)(off < 0 ? -off : off), off < 0 ? "behind" : "ahead of",
	    where);
	doctor_do(d, "set the clock: timedatectl set-ntp true, as root");
}

static void
report_good(struct doctor *d, const struct profile *p, const char *where,
    const struct lines *a)
{
	int64_t end = lines_number(a, "not_after", 0);
	int64_t left = end - (int64_t)time(NULL);
	char ends[32] = "";

	if (end > 0)
		say_when(end, ends);
	if (end > 0 && left < SOON_S) {
		doctor_find(d, DOCTOR_WARNING, "certificate-ends",
		    "the certificate of %s ends on %s, in %lld days", where,
		    ends, (long long)(left / DAY_S));
		doctor_do(d, "tell its administrator; a ca_file that names "
			     "this very certificate must be replaced then");
	} else {
		doctor_find(d, DOCTOR_OK, "server",
		    "profile '%s': TLS with %s works%s%s", p->name, where,
		    end > 0 ? "; its certificate ends on " : "", ends);
	}
	report_clock(d, where, lines_number(a, "date", 0));
}

/* True: asked, whatever came of it. */
static bool
probe(struct doctor *d, const struct profile *p, const char *target,
    const char *where)
{
	NET_REQUEST q = NET_REQUEST_INIT;
	LINES answer = LINES_INIT;
	struct err err = ERR_INIT;
	int64_t left = d->deadline - io_now_ms() - 1000;

	if (left < 200)
		return false;
	q.profile = p;
	q.op = "probe";
	q.timeout_ms = left < PROBE_MS ? left : PROBE_MS;
	if (lines_add(&q.more, "target", target, &err) < 0 ||
	    net_ask(&q, &answer, &err) < 0) {
		doctor_find(d, DOCTOR_ERROR, "server-unreachable",
		    "profile '%s': %s", p->name, err.msg);
		doctor_do(d,
		    "see whether 'curl -v https://%s/' gets there; a "
		    "proxy is named by https_proxy or the key proxy",
		    where);
	} else if (lines_number(&answer, "trusted", 0) == 1) {
		report_good(d, p, where, &answer);
	} else {
		report_refused(d, p, where, &answer);
	}
	return true;
}

/* A profile with a fault is of no use to anybody. */
static bool
is_sound(const struct doctor *d, const struct profile *p)
{
	const struct conf_fault *f;
	size_t n = conf_faults(d->front->conf, &f), i;

	for (i = 0; i < n; i++)
		if (f[i].profile != NULL && strcmp(f[i].profile, p->name) == 0)
			return false;
	return true;
}

struct servers {
	struct {
		char where[HTTP_WHERE_MAX];
		const char *ca_file; /* another one, another answer */
	} seen[SERVERS_MAX];
	size_t n, missed;
};

static bool
is_new(const struct servers *s, const char *where, const char *ca_file)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->seen[i].where, where) == 0 &&
		    (s->seen[i].ca_file == NULL) == (ca_file == NULL) &&
		    (ca_file == NULL ||
			strcmp(s->seen[i].ca_file, ca_file) == 0))
			return false;
	return true;
}

static void
probe_once(struct doctor *d, struct servers *s, const struct profile *p,
    const char *url)
{
	char where[HTTP_WHERE_MAX], target[HTTP_WHERE_MAX + 16];
	const char *ca_file = profile_get(p, CONF_CA_FILE);

	http_where(url, where);
	if (!is_new(s, where, ca_file))
		return;
	if (s->n == SERVERS_MAX) {
		s->missed++;
		return;
	}
	memcpy(s->seen[s->n].where, where, sizeof(where));
	s->seen[s->n++].ca_file = ca_file;
	(void)snprintf(target, sizeof(target), "https://%s/", where);
	if (!probe(d, p, target, where))
		s->missed++;
}

static void
probe_profile(struct doctor *d, struct servers *s, const struct profile *p)
{
	char url[INI_LINE_MAX + 1];
	const char *word;
	size_t k, pos, n;

	for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		pos = 0;
		while ((n = conf_next_word(
			    profile_get(p, keys[k]), &pos, &word)) > 0) {
			(void)snprintf(url, sizeof(url), "%.*s", (int)n, word);
			probe_once(d, s, p, url);
		}
	}
}

void
doctor_servers(struct doctor *d)
{
	const struct conf *c = d->front->conf;
	struct servers s = {.n = 0};
	size_t i;

	for (i = 0; c != NULL && i < conf_count(c); i++)
		if (is_sound(d, conf_at(c, i)))
			probe_profile(d, &s, conf_at(c, i));
	if (s.missed > 0) {
		doctor_find(d, DOCTOR_WARNING, "not-in-time",
		    "%zu servers were not examined: there was no time left",
		    s.missed);
		doctor_do(d, "see to those above first, and run it again");
	}
}
