/* SPDX-License-Identifier: MIT */
/* Whose fault is it that a request failed?  Nobody is asked here. */
#include "http.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "io.h"

static int connect_errno, socket_errno; /* 0: the call as ever */

int connect(int fd, const struct sockaddr *to, socklen_t len)
    __attribute__((__visibility__("default")));

int
connect(int fd, const struct sockaddr *to, socklen_t len)
{
	if (connect_errno != 0)
		return errno = connect_errno, -1;
	return (int)syscall(SYS_connect, fd, to, len);
}

int socket(int family, int type, int protocol)
    __attribute__((__visibility__("default")));

int
socket(int family, int type, int protocol)
{
	if (socket_errno != 0)
		return errno = socket_errno, -1;
	return (int)syscall(SYS_socket, family, type, protocol);
}

/* The code of a request to where nobody is, after `tries` others. */
static int
send_one(const char *url, int64_t ms, int tries)
{
	struct http_options o = {.deadline = io_now_ms() + ms};
	struct http_request rq = {
	    .url = url, .connect_ms = 3000, .body_max = 100};
	HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	CLEANUP(http_closep) struct http *h = NULL;
	struct err err = ERR_INIT;

	if (http_open(&h, &o, &err) < 0)
		return 1;
	while (tries-- > 0) {
		(void)http_send(h, &rq, &r, &err);
		while (tries == 0 && http_left(h) > 0)
			(void)usleep(1000);
	}
	return http_send(h, &rq, &r, &err);
}

/* The same where `resource` is used up. */
static int
send_poor(const char *url, int resource, rlim_t amount)
{
	struct rlimit r = {amount, amount};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		/* Root may have as many processes as it likes. */
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(100);
		(void)setrlimit(resource, &r);
		_exit(-send_one(url, 5000, 0));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

#define NOBODY  "https://127.0.0.1:1/"
#define UNKNOWN "https://nosuch.invalid/"

static void
no_time_left(void **data)
{
	(void)data;
	assert_int_equal(send_one(NOBODY, 0, 0), ERR_INTERNAL);
	assert_int_equal(send_one(NOBODY, 5000, 0), ERR_UNAVAIL);
	/* The first was asked in time: it is the servers'. */
	assert_int_equal(send_one(NOBODY, 200, 1), ERR_UNAVAIL);
}

static void
errors_of_connect(void **data)
{
	static const struct {
		int e, code;
	} row[] = {{EADDRNOTAVAIL, ERR_INTERNAL}, {ENOBUFS, ERR_INTERNAL},
	    {ENOMEM, ERR_INTERNAL}, {EPERM, ERR_INTERNAL},
	    {EACCES, ERR_INTERNAL}, {ECONNREFUSED, ERR_UNAVAIL},
	    {ENETUNREACH, ERR_UNAVAIL}, {EHOSTUNREACH, ERR_UNAVAIL},
	    {ETIMEDOUT, ERR_UNAVAIL}};
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		connect_errno = row[i].e;
		if (send_one(NOBODY, 5000, 0) != row[i].code)
			fail_msg("%s", strerror(row[i].e));
	}
	connect_errno = 0;
}

/* The C library does not tell why it could not ask for a name. */
static void
no_socket_for_names(void **data)
{
	(void)data;
	assert_int_equal(send_one(UNKNOWN, 5000, 0), ERR_UNAVAIL);
	socket_errno = ENFILE;
	assert_int_equal(send_one(UNKNOWN, 5000, 0), ERR_INTERNAL);
	socket_errno = EAFNOSUPPORT;
	assert_int_equal(send_one(UNKNOWN, 5000, 0), ERR_UNAVAIL);
	socket_errno = 0;
}

static void
no_resources_left(void **data)
{
	(void)data;
	assert_int_equal(send_poor(NOBODY, RLIMIT_NOFILE, 4096), ERR_UNAVAIL);
	assert_int_equal(send_poor(UNKNOWN, RLIMIT_NOFILE, 4096), ERR_UNAVAIL);
	assert_int_equal(send_poor(NOBODY, RLIMIT_NOFILE, 3), ERR_INTERNAL);
	assert_int_equal(send_poor(UNKNOWN, RLIMIT_NOFILE, 3), ERR_INTERNAL);
	/* The resolver is a thread. */
	assert_int_equal(send_poor(UNKNOWN, RLIMIT_NPROC, 0), ERR_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_time_left),
	    cmocka_unit_test(errors_of_connect),
	    cmocka_unit_test(no_socket_for_names),
	    cmocka_unit_test(no_resources_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
