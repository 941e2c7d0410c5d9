/* SPDX-License-Identifier: MIT */
/*
 * tokenring-net: one request from standard input, one answer to standard
 * output (lines.h), and the end.
 *
 * The only program with libcurl.  Whoever starts it, it ends by the request's
 * timeout_ms; started by root it gives root up before it reads a byte.  Exit
 * status 0 means that a whole answer was written, a refusal too; anything else
 * that this program or its caller is broken.  It leaves by _exit: the kernel is
 * the only one who wipes what libraries copied.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "cleanup.h"
#include "io.h"
#include "log.h"
#include "net_worker.h"
#include "oauth2.h"
#include "sainet.h"

#define EXIT_BROKEN 1
#define EXIT_LATE   3

#define HASHED_DIR "/etc/ssl/certs"

/* What is left for the answer's way when a server has used up its time. */
#define MARGIN_MS 100

/* For the way itself: what is written whole was not too late. */
#define DELIVER_MS 1000

/*
 * libcurl brings GnuTLS along for protocols that are never spoken here.  It
 * need not start unless somebody calls it: gnutls/gnutls.h has this function as
 * GNUTLS_SKIP_GLOBAL_INIT.
 */
int _gnutls_global_init_skip(void) __attribute__((__visibility__("default")));

int
_gnutls_global_init_skip(void)
{
	return 1;
}

static void
on_alarm(int number)
{
	(void)number;
	_exit(EXIT_LATE);
}

/* Whatever hangs, this ends it. */
static void
set_watchdog(int64_t deadline)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct itimerval t = {{0, 0}, {0, 1}};
	int64_t left = deadline - io_now_ms();
	sigset_t set;

	if (left > 0) {
		t.it_value.tv_sec = left / 1000;
		t.it_value.tv_usec = left % 1000 * 1000;
	}
	(void)sigaction(SIGALRM, &sa, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)setitimer(ITIMER_REAL, &t, NULL);
}

/* Whatever is left, it is not less than this. */
static void
leave_time(int ms)
{
	struct itimerval t;

	if (getitimer(ITIMER_REAL, &t) == 0 &&
	    t.it_value.tv_sec * 1000 + t.it_value.tv_usec / 1000 < ms)
		set_watchdog(io_now_ms() + ms);
}

/* PAM's workers read the file that the profile names themselves. */
static int
collect_ca(const struct lines *rq, struct secbuf *pem, struct err *err)
{
	bool pam = lines_get(rq, "config") != NULL;
	size_t i;

	for (i = 0; !pam && i < rq->n; i++)
		if (strcmp(rq->field[i].key, "ca[]") == 0 &&
		    (secbuf_addstr(pem, rq->field[i].value) < 0 ||
			secbuf_addstr(pem, "\n") < 0))
			return err_set(
			    err, ERR_CONFIG, "the ca_file is too long");
	return 0;
}

/* Are there links named by hash, as c_rehash(1) makes them? */
static bool
is_hashed(const char *path)
{
	const struct dirent *e;
	bool found = false;
	DIR *dir = opendir(path);

	while (!found && dir != NULL && (e = readdir(dir)) != NULL)
		found = strlen(e->d_name) == 10 && e->d_name[8] == '.' &&
			strspn(e->d_name, "0123456789abcdef") == 8;
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

/*
 * Whom to trust.  A hashed directory is read one authority at a time; parsing
 * the whole bundle costs twice as much as the rest of a login.
 */
static void
set_trust(const struct net_job *job, bool pam, struct http_options *o)
{
	o->ca_file = profile_get(job->profile, CONF_CA_FILE);
	if (o->ca_file != NULL || o->ca_pem->len > 0)
		return;
	if (!pam) {
		o->ca_file = lines_get(job->rq, "ssl_cert_file");
		o->ca_dir = lines_get(job->rq, "ssl_cert_dir");
	}
	if (o->ca_file == NULL && o->ca_dir == NULL && is_hashed(HASHED_DIR))
		o->ca_dir = HASHED_DIR;
}

/* How to reach servers.  For PAM nothing counts but the profile. */
static void
set_options(const struct net_job *job, struct http_options *o)
{
	bool pam = lines_get(job->rq, "config") != NULL;

	set_trust(job, pam, o);
	o->proxy = profile_get(job->profile, CONF_PROXY);
	if (o->proxy == NULL && !pam) {
		o->proxy = lines_get(job->rq, "https_proxy");
		o->no_proxy = lines_get(job->rq, "no_proxy");
	}
}

static int
run(struct net_job *job, struct http *http, struct err *err)
{
	struct oauth2 c = {http, job->profile, job->rq, &job->outcome};
	const char *op = lines_get(job->rq, "op");
	bool sainet = job->profile->provider == PROVIDER_SAINET;

	if (op == NULL)
		return err_set(
		    err, ERR_CONFIG, "the request names no operation");
	if (strcmp(op, "probe") == 0)
		return net_probe(job, http, err);
	if (strcmp(op, "request") == 0)
		return net_call(job, http, err);
	if (sainet != (strcmp(op, "login") == 0))
		return err_set(err, ERR_CONFIG,
		    "profile '%s': its provider does not know this operation",
		    job->profile->name);
	if (sainet)
		return sainet_login(http, job->profile, job->rq, &job->token,
		    &job->outcome, err);
	if (strcmp(op, "discover") == 0)
		return oauth2_discover(&c, &job->more, err);
	if (strcmp(op, "device") == 0)
		return oauth2_device(&c, &job->more, err);
	if (strcmp(op, "revoke") == 0)
		return oauth2_revoke(&c, err);
	return oauth2_tokens(&c, &job->token, err);
}

static int
serve(struct net_job *job, struct err *err)
{
	SECBUF pem = SECBUF_INIT(LINES_MESSAGE_MAX);
	CLEANUP(http_closep) struct http *http = NULL;
	struct http_options o = {.ca_pem = &pem};
	const char *op = lines_get(job->rq, "op");
	int64_t budget, most = NET_TIMEOUT_MAX;

	if (op != NULL && strcmp(op, "request") == 0)
		most = NET_CALL_MAX_MS;
	if (net_profile(job, err) < 0 || collect_ca(job->rq, &pem, err) < 0)
		return err->code;
	budget = lines_number(
	    job->rq, "timeout_ms", profile_ms(job->profile, CONF_TIMEOUT));
	if (budget < NET_TIMEOUT_MIN)
		budget = NET_TIMEOUT_MIN;
	if (budget > most)
		budget = most;
	set_watchdog(job->begun + budget);
	o.deadline = job->begun + budget -
		     (budget > 4 * MARGIN_MS ? MARGIN_MS : budget / 4);
	set_options(job, &o);
	if (http_open(&http, &o, err) < 0)
		return err->code;
	return run(job, http, err);
}

int
main(int argc, char **argv)
{
	LINES rq = LINES_INIT;
	SECBUF answer = SECBUF_INIT(LINES_MESSAGE_MAX);
	struct net_job job = NET_JOB_INIT;
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct err why = ERR_INIT, err = ERR_INIT;
	int r;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("tokenring-net " VERSION) < 0 ? EXIT_BROKEN : 0;
	job.begun = io_now_ms();
	job.caller = geteuid();
	job.rq = &rq;
	if (getenv("TOKENRING_TRACE") != NULL)
		log_to(log_stderr);
	/* A peer that hangs up is an error to report, not a death; so is a
	   journal that may not grow. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	set_watchdog(job.begun + NET_START_MS);
	r = net_isolate(&why);
	if (r == 0)
		r = net_seccomp(&why);
	if (r == 0)
		r = lines_read(&rq, STDIN_FILENO, LINES_MESSAGE,
		    job.begun + NET_READ_MS, &err);
	if (r == 0)
		(void)serve(&job, &why);
	if (err.code == 0)
		(void)net_answer(&job, &why, &answer, &err);
	leave_time(DELIVER_MS);
	if (err.code == 0)
		(void)net_deliver(&job, why.code == 0, &answer, &err);
	if (err.code != 0)
		(void)fprintf(stderr, "tokenring-net: %s\n", err.msg);
	_exit(err.code == 0 ? 0 : EXIT_BROKEN);
}
