/* SPDX-License-Identifier: MIT */
/* The loopback listener: its patience, its requests, whose connection it is. */
#include "loopback.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "io.h"
#include "loopback_peer.h"

#define FAR  60000 /* ms: a deadline that nothing here comes near */
#define PORT 4711
#define HOST "Host: 127.0.0.1:4711\r\n"

static int
count_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static bool
judge(void *context, const struct loopback_query *q)
{
	const char *v = loopback_param(q, "answer");

	++*(int *)context;
	return v != NULL && strcmp(v, "yes") == 0;
}

static int
dial(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void
ask(int fd, int port, const char *query)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
	    "GET /callback?%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", query,
	    port);

	assert_int_equal(write(fd, text, (size_t)n), n);
}

static int
status_of(int fd)
{
	char text[4096];
	size_t len = 0;
	ssize_t n;
	int status = 0;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	(void)sscanf(text, "HTTP/1.1 %d ", &status);
	(void)close(fd);
	return status;
}

/* Nobody answers: it ends at the deadline, not before and not much after. */
static void
nobody_answers(void **data)
{
	static const int waits[] = {0, 1, 100, 300};
	LOOPBACK l = LOOPBACK_INIT;
	struct err err = ERR_INIT;
	int asked = 0;
	int64_t begun;
	size_t i;

	(void)data;
	assert_int_equal(loopback_open(&l, &err), 0);
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		begun = io_now_ms();
		assert_int_equal(
		    loopback_wait(&l, begun + waits[i], judge, &asked, &err),
		    ERR_CANCELED);
		assert_in_range(io_now_ms() - begun, waits[i], waits[i] + 5000);
	}
	assert_int_equal(
	    loopback_wait(&l, 0, judge, &asked, &err), ERR_CANCELED);
	assert_int_equal(asked, 0);
}

/* Neither half a request nor wrong answers make it any longer. */
static void
the_deadline_is_for_all_connections_together(void **data)
{
	LOOPBACK l = LOOPBACK_INIT;
	struct err err = ERR_INIT;
	int64_t begun = io_now_ms();
	int asked = 0, wrong[3], half, late;
	size_t i;

	(void)data;
	assert_int_equal(loopback_open(&l, &err), 0);
	for (i = 0; i < 3; i++) {
		wrong[i] = dial(l.port);
		ask(wrong[i], l.port, "answer=no");
		(void)shutdown(wrong[i], SHUT_WR);
	}
	half = dial(l.port);
	assert_int_equal(write(half, "GET ", 4), 4);
	late = dial(l.port);
	ask(late, l.port, "answer=yes");
	/* The wrong ones linger until their page is taken: nobody takes it. */
	assert_int_equal(
	    loopback_wait(&l, begun + 3000, judge, &asked, &err), ERR_CANCELED);
	assert_int_equal(asked, 3);
	assert_in_range(io_now_ms() - begun, 3000, 8000);
	for (i = 0; i < 3; i++)
		assert_int_equal(status_of(wrong[i]), 400);
	assert_int_equal(status_of(half), 408);
	(void)close(late);
}

static void
the_answer_ends_the_wait(void **data)
{
	LOOPBACK l = LOOPBACK_INIT;
	struct err err = ERR_INIT;
	int asked = 0, one, two, status;
	pid_t pid;

	(void)data;
	assert_int_equal(loopback_open(&l, &err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		one = dial(l.port);
		ask(one, l.port, "answer=no");
		status = status_of(one) == 400;
		two = dial(l.port);
		ask(two, l.port, "answer=yes");
		_exit(status && status_of(two) == 200 ? 0 : 1);
	}
	assert_int_equal(
	    loopback_wait(&l, io_now_ms() + FAR, judge, &asked, &err), 0);
	assert_int_equal(asked, 2);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
opened_and_closed(void **data)
{
	int before = count_open(), i;

	(void)data;
	for (i = 0; i < 50; i++) {
		LOOPBACK l = LOOPBACK_INIT;
		LOOPBACK other = LOOPBACK_INIT;
		struct err err = ERR_INIT;

		assert_int_equal(loopback_open(&l, &err), 0);
		assert_int_equal(loopback_open(&other, &err), 0);
		assert_in_range(l.port, 1, 65535);
		assert_int_not_equal(l.port, other.port);
		loopback_close(&l);
		assert_int_equal(l.fd[0], -1);
	}
	assert_int_equal(count_open(), before);
}

/* clang-format off */
static const struct {
	const char *head;
	int status;
	const char *query; /* NAME=VALUE, joined by '|' */
} requests[] = {
	{"GET /callback HTTP/1.1\r\n" HOST "\r\n", 200, ""},
	{"GET /callback? HTTP/1.0\r\n" HOST "\r\n", 200, ""},
	{"GET /callback?a=1&b=2 HTTP/1.1\r\nhost:127.0.0.1:4711 \t\r\n\r\n", 200, "a=1|b=2"},
	{"GET /callback?a=1 HTTP/1.1\r\nHost: [::1]:4711\r\n\r\n", 200, "a=1"},
	{"GET /callback?a+b=%41%2b+%C3%a9&&c&=d&e== HTTP/1.1\r\nA: \xc3\xa9\r\n" HOST "\r\n", 200, "a b=A+ \xc3\xa9|c=|=d|e=="},
	{"GET /callback?a=?/b HTTP/1.1\r\n" HOST "\r\n", 200, "a=?/b"},
	{"GET /callback?a=1&a=2 HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"GET /callback?a=1&%61=2 HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"GET /callback?a=% HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"GET /callback?a=%4 HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"GET /callback?a=%4g HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"GET /callback?a=%-1 HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"GET /callback?a=%00 HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"GET /callbac HTTP/1.1\r\n" HOST "\r\n", 404, ""},
	{"GET /callback/ HTTP/1.1\r\n" HOST "\r\n", 404, ""},
	{"POST /callback HTTP/1.1\r\n" HOST "\r\n", 404, ""},
	{"CONNECT 127.0.0.1:4711 HTTP/1.1\r\n" HOST "\r\n", 404, ""},
	{"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 404, ""},
	{"GET /callback HTTP/1.1\r\n\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\n" HOST HOST "\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\nHost: 127.0.0.1:4712\r\n\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\nHost: localhost:4711\r\n\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\nHosts: 127.0.0.1:4711\r\n\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\nHost: 127.0.0.1:4711 x\r\n\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\n: x\r\n" HOST "\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\n\tx: y\r\n" HOST "\r\n", 400, ""},
	{"GET /callback HTTP/1.1 \r\n" HOST "\r\n", 400, ""},
	{"GET /callback HTTP/1.2\r\n" HOST "\r\n", 400, ""},
	{"GET /callback\r\n" HOST "\r\n", 400, ""},
	{"GET\r\n" HOST "\r\n", 400, ""},
	{" /callback HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"GET \t HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"\r\nGET /callback HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"G\xc9T /callback HTTP/1.1\r\n" HOST "\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\n" HOST "a: b\nc: d\r\n\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\n" HOST "a: b\rc: d\r\n\r\n", 400, ""},
	{"GET /callback HTTP/1.1\r\n" HOST "a: \x7f\r\n\r\n", 400, ""},
	{"\r\n\r\n", 400, ""},
};
/* clang-format on */

static void
requests_are_taken_apart(void **data)
{
	size_t i, k;

	(void)data;
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		SECBUF head = SECBUF_INIT(LOOPBACK_HEAD_MAX);
		SECBUF seen = SECBUF_INIT(LOOPBACK_HEAD_MAX);
		struct loopback_query q;
		int status;

		assert_int_equal(secbuf_set(&head, requests[i].head), 0);
		assert_int_equal(loopback_head_len(&head), head.len);
		status = loopback_request(&head, PORT, &q);
		if (status != requests[i].status)
			fail_msg("'%s': %d", requests[i].head, status);
		for (k = 0; status == 200 && k < q.n; k++)
			assert_int_equal(
			    secbuf_addstr(&seen, k > 0 ? "|" : "") |
				secbuf_addstr(&seen, q.param[k].name) |
				secbuf_addstr(&seen, "=") |
				secbuf_addstr(&seen, q.param[k].value),
			    0);
		assert_string_equal(seen.ptr, requests[i].query);
	}
}

/* No cut of a good request, and no byte changed in it, does any harm. */
static void
damaged_requests(void **data)
{
	static const char good[] =
	    "GET /callback?a=%41&b HTTP/1.1\r\n" HOST "X: y\r\n\r\n";
	struct loopback_query q;
	size_t i, c;

	(void)data;
	for (i = 0; i < sizeof(good) - 1; i++)
		for (c = 0; c < 256; c++) {
			SECBUF head = SECBUF_INIT(LOOPBACK_HEAD_MAX);
			int status;

			assert_int_equal(
			    secbuf_add(&head, good, sizeof(good) - 1), 0);
			head.ptr[i] = (char)c;
			secbuf_cut(&head, loopback_head_len(&head));
			status = loopback_request(&head, PORT, &q);
			assert_true(
			    status == 200 || status == 400 || status == 404);
		}
}

static void
pages(void **data)
{
	static const int statuses[] = {200, 400, 403, 404, 408, 431};
	SECBUF page = SECBUF_INIT(4096);
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		assert_int_equal(loopback_page(statuses[i], &page), 0);
		assert_non_null(strstr(page.ptr, "Connection: close\r\n"));
		assert_non_null(strstr(page.ptr, "lang=\"fr\""));
		assert_non_null(strstr(page.ptr, "You may close this page"));
		assert_non_null(strstr(page.ptr, "Vous pouvez fermer"));
	}
	assert_int_equal(loopback_page(500, &page), -1);
}

/* As the kernel writes it: ours, another's, one that its process has left. */
static const char list[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
    "retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 "
    "00000000     0        0 1111 1 0000000000000000 100 0 0 10 0\n"
    "   1: 0100007F:C001 0100007F:1267 01 00000000:00000000 00:00000000 "
    "00000000  1000        0 2222 1 0000000000000000 20 4 30 10 -1\n"
    "   2: 0100007F:C002 0100007F:1267 01 00000000:00000000 00:00000000 "
    "00000000  1001        0 3333 1 0000000000000000 20 4 30 10 -1\n"
    "   3: 0100007F:C003 0100007F:1267 05 00000000:00000000 00:00000000 "
    "00000000     0        0 0 1 0000000000000000 20 4 30 10 -1\n"
    "  14: 0100007F:C004 0100007F:1267 06 00000000:00000000 03:000017A5 "
    "00000000     0        0 0 3 0000000000000000\n"
    "   5: garbage\n\n"
    "   6: 00000000000000000000000001000000:C005 "
    "00000000000000000000000001000000:1267 01 00000000:00000000 00:00000000 "
    "00000000  1000        0 4444 1 0000000000000000 20 4 30 10 -1\n";

/* clang-format off */
static const struct {
	const char *ends;
	uid_t uid;
	bool listed;
} owners[] = {
	{"0100007F:C001 0100007F:1267", 1000, true},
	{"0100007F:C001 0100007F:1267", 1001, false},
	{"0100007F:C001 0100007F:1267", 0, false},
	{"0100007F:1267 0100007F:C001", 1000, false}, /* our own end */
	{"0100007F:C002 0100007F:1267", 1000, false},
	{"0100007F:C002 0100007F:1267", 1001, true},
	{"0100007F:C003 0100007F:1267", 0, false},
	{"0100007F:C004 0100007F:1267", 0, false},
	{"0100007F:C009 0100007F:1267", 0, false},
	{"00000000000000000000000001000000:C005 00000000000000000000000001000000:1267", 1000, true},
	{"", 0, false},
};
/* clang-format on */

static void
owners_are_found(void **data)
{
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		FILE *f = fmemopen((char *)list, sizeof(list) - 1, "r");

		if (loopback_listed(f, owners[i].ends, owners[i].uid) !=
		    owners[i].listed)
			fail_msg(
			    "'%s' of %d", owners[i].ends, (int)owners[i].uid);
		(void)fclose(f);
	}
}

/* The kernel's own list: held, then left behind with bytes still in it. */
static void
only_a_held_connection_is_ours(void **data)
{
	LOOPBACK l = LOOPBACK_INIT;
	struct err err = ERR_INIT;
	int theirs, ours;

	(void)data;
	assert_int_equal(loopback_peer_possible(&err), 0);
	assert_int_equal(loopback_open(&l, &err), 0);
	theirs = dial(l.port);
	ours = accept(l.fd[0], NULL, NULL);
	assert_true(ours >= 0);
	assert_true(loopback_peer_is_us(ours));
	assert_int_equal(write(theirs, "x", 1), 1);
	(void)close(theirs);
	assert_false(loopback_peer_is_us(ours));
	(void)close(ours);
	assert_false(loopback_peer_is_us(-1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nobody_answers),
	    cmocka_unit_test(the_deadline_is_for_all_connections_together),
	    cmocka_unit_test(the_answer_ends_the_wait),
	    cmocka_unit_test(opened_and_closed),
	    cmocka_unit_test(requests_are_taken_apart),
	    cmocka_unit_test(damaged_requests),
	    cmocka_unit_test(pages),
	    cmocka_unit_test(owners_are_found),
	    cmocka_unit_test(only_a_held_connection_is_ours),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("loopback", tests, NULL, NULL);
}
