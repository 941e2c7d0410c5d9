/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "io.h"

static volatile sig_atomic_t caught;

static void
on_signal(int sig)
{
	caught = sig;
}

static int
open_tty(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool
ask_possible(void)
{
	CLEANUP_FD int tty = open_tty();

	return tty >= 0;
}

static int
read_line(int tty, struct secbuf *ret, struct err *err)
{
	char c;
	ssize_t n;

	for (;;) {
		n = read(tty, &c, 1);
		if (n < 0 && errno == EINTR && caught == 0)
			continue;
		if (n <= 0)
			return err_set(
			    err, ERR_CANCELED, "nothing was entered");
		if (c == '\n')
			return 0;
		if (secbuf_add(ret, &c, 1) < 0)
			return err_set(err, ERR_CONFIG, "longer than %d bytes",
			    ASK_SECRET_MAX);
	}
}

/*
 * Echo goes before the prompt is shown, so that nothing typed at it is seen or
 * thrown away, and comes back whatever ends the reading.
 */
static int
read_silently(int tty, const char *prompt, struct secbuf *ret, struct err *err)
{
	static const int fatal[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	enum { N = sizeof(fatal) / sizeof(fatal[0]) };
	struct sigaction sa = {.sa_handler = on_signal}, before[N];
	struct termios old, silent;
	size_t i;
	int r;

	if (tcgetattr(tty, &old) < 0)
		return err_set(err, ERR_INTERACT, "no terminal to ask at");
	caught = 0;
	for (i = 0; i < N; i++)
		(void)sigaction(fatal[i], &sa, &before[i]);
	silent = old;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ECHONL;
	(void)tcsetattr(tty, TCSAFLUSH, &silent);
	r = io_write(tty, prompt, strlen(prompt), err);
	if (r == 0)
		r = read_line(tty, ret, err);
	(void)tcsetattr(tty, TCSANOW, &old);
	for (i = 0; i < N; i++)
		(void)sigaction(fatal[i], &before[i], NULL);
	if (caught != 0)
		(void)raise(caught);
	return r;
}

int
ask_secret(const char *prompt, struct secbuf *ret, struct err *err)
{
	CLEANUP_FD int tty = open_tty();

	if (tty < 0)
		return err_set(err, ERR_INTERACT, "no terminal to ask at");
	return read_silently(tty, prompt, ret, err);
}

int
ask_line(const char *prompt, struct secbuf *ret, struct err *err)
{
	CLEANUP_FD int tty = open_tty();

	if (tty < 0)
		return err_set(err, ERR_INTERACT, "no terminal to ask at");
	if (io_write(tty, prompt, strlen(prompt), err) < 0)
		return err->code;
	caught = 0;
	return read_line(tty, ret, err);
}

int
ask_stdin(struct secbuf *ret, struct err *err)
{
	int r = io_read_end(STDIN_FILENO, ret, IO_FOREVER, err);

	if (r < 0)
		return err_wrap(err, "standard input");
	if (ret->len > 0 && ret->ptr[ret->len - 1] == '\n')
		secbuf_cut(ret, ret->len - 1);
	if (ret->len > 0 && ret->ptr[ret->len - 1] == '\r')
		secbuf_cut(ret, ret->len - 1);
	if (ret->len == 0)
		return err_set(
		    err, ERR_CONFIG, "standard input held no secret");
	if (strlen(ret->ptr) != ret->len || strpbrk(ret->ptr, "\r\n") != NULL)
		return err_set(
		    err, ERR_CONFIG, "standard input held more than one line");
	return 0;
}

void
ask_tell(const char *fmt, ...)
{
	CLEANUP_FD int tty = open_tty();
	struct err ignored = ERR_INIT;
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	(void)io_write(
	    tty >= 0 ? tty : STDERR_FILENO, text, strlen(text), &ignored);
}
