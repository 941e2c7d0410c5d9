/* SPDX-License-Identifier: MIT */
/*
 * Kill a process at one step of a program, without a clock: it is traced, and
 * what changes the world is counted.
 *
 *   killat REPORT WATCHED WHEN VICTIM alone|group|all COMMAND ARGUMENTS...
 *
 * COMMAND runs in a session of its own.  When a process of the program WATCHED
 * is about to make the WHENth system call that others can see (a write, a
 * rename, a lock, a connection: the table below), SIGKILL goes to VICTIM: the
 * process alone, its process group, or every process there is.  Between two
 * such calls a death makes no difference to anybody, so that WHEN over all of
 * them is every step.  WHEN 0 kills nobody and counts; a WHEN that begins with
 * "j" counts from the first write to the journal on.
 *
 * Programs are named as the kernel does (15 characters); a process that forked
 * and runs no program of its own is the "watcher" of the one that it starts.
 *
 * REPORT becomes one line: the calls that WATCHED made until then, the name of
 * the last, whether somebody was killed, and whether tokenring-net had written
 * to descriptor 3, the journal.  The exit status is COMMAND's; 128 + the signal
 * that ended it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 64
#define NAME_SIZE     16
#define JOURNAL_FD    3
#define OPTIONS                                                                \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |    \
	    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)

static const struct {
	long nr;
	const char *name;
} visible[] = {
    {SYS_write, "write"},
    {SYS_writev, "writev"},
    {SYS_pwrite64, "pwrite"},
    {SYS_sendto, "sendto"},
    {SYS_sendmsg, "sendmsg"},
    {SYS_connect, "connect"},
    {SYS_shutdown, "shutdown"},
    {SYS_unlinkat, "unlinkat"},
    {SYS_renameat, "renameat"},
    {SYS_renameat2, "renameat2"},
    {SYS_mkdirat, "mkdirat"},
    {SYS_openat, "openat"},
    {SYS_ftruncate, "ftruncate"},
    {SYS_fsync, "fsync"},
    {SYS_flock, "flock"},
    {SYS_keyctl, "keyctl"},
    {SYS_add_key, "add_key"},
    {SYS_clone, "clone"},
    {SYS_execve, "execve"},
    {SYS_exit_group, "exit_group"},
};
#define N_VISIBLE (sizeof(visible) / sizeof(visible[0]))

struct process {
	pid_t id; /* of the thread */
	char name[NAME_SIZE];
};

static struct process all[PROCESSES_MAX];
static size_t n;
static long calls;
static const char *last = "-";
static bool journal, wait_for_journal;

static struct process *
find(pid_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (all[i].id == id)
			return &all[i];
	if (n == PROCESSES_MAX)
		abort();
	all[n] = (struct process){.id = id};
	return &all[n++];
}

static void
forget(pid_t id)
{
	struct process *p = find(id);

	*p = all[--n];
}

/* A thread has the name of its process; a fork is a watcher until it execs. */
static void
born(const struct process *parent, pid_t id)
{
	char path[64];
	struct process *p = find(id);

	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld",
	    (long)parent->id, (long)id);
	(void)snprintf(p->name, sizeof(p->name), "%s",
	    access(path, F_OK) == 0 ? parent->name : "watcher");
}

static void
renamed(struct process *p)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/comm", (long)p->id);
	f = fopen(path, "re");
	if (f == NULL || fgets(p->name, sizeof(p->name), f) == NULL)
		p->name[0] = '\0';
	p->name[strcspn(p->name, "\n")] = '\0';
	if (f != NULL)
		(void)fclose(f);
}

/* The call's name if others can see what it does. */
static const char *
seen(const struct __ptrace_syscall_info *call)
{
	size_t i;

	if (call->entry.nr == SYS_openat &&
	    (call->entry.args[2] & O_CREAT) == 0)
		return NULL;
	for (i = 0; i < N_VISIBLE; i++)
		if ((long)call->entry.nr == visible[i].nr)
			return visible[i].name;
	return NULL;
}

/* Entering or leaving a call; true when it is the one to kill at. */
static bool
call_stop(struct process *p, const char *watched, long when)
{
	static long journal_call;
	struct __ptrace_syscall_info call;
	const char *name;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->id, sizeof(call), &call) <= 0)
		return false;
	if (call.op == PTRACE_SYSCALL_INFO_EXIT) {
		if (journal_call == p->id && call.exit.rval > 0)
			journal = true;
		journal_call = 0;
		return false;
	}
	if (call.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	if (call.entry.nr == SYS_write && call.entry.args[0] == JOURNAL_FD &&
	    strcmp(p->name, "tokenring-net") == 0)
		journal_call = p->id;
	name = strcmp(p->name, watched) == 0 ? seen(&call) : NULL;
	if (name == NULL || (wait_for_journal && !journal))
		return false;
	calls++;
	last = name;
	return calls == when;
}

static bool
kill_victim(const char *victim, const char *how)
{
	size_t i;
	bool done = false;

	for (i = 0; i < n; i++) {
		if (strcmp(how, "all") != 0 && strcmp(all[i].name, victim) != 0)
			continue;
		done = kill(all[i].id, SIGKILL) == 0 || done;
		if (strcmp(how, "group") == 0)
			(void)kill(-getpgid(all[i].id), SIGKILL);
	}
	return done;
}

/* Let one tracee go on; returns true when the watched call has come. */
static bool
stopped(struct process *p, int status, const char *watched, long when)
{
	unsigned long child;
	int event = status >> 16, pass = 0;
	bool now = false;

	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE) {
		if (ptrace(PTRACE_GETEVENTMSG, p->id, NULL, &child) == 0)
			born(p, (pid_t)child);
	} else if (event == PTRACE_EVENT_EXEC) {
		renamed(p);
	} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		now = call_stop(p, watched, when);
	} else if (event == 0) {
		pass = WSTOPSIG(status);
	}
	if (!now)
		(void)ptrace(PTRACE_SYSCALL, p->id, NULL, pass);
	return now;
}

static void
write_report(const char *path, bool killed)
{
	FILE *f = fopen(path, "we");

	if (f == NULL)
		abort();
	(void)fprintf(f, "%ld %s %d %d\n", calls, last, killed, journal);
	(void)fclose(f);
}

/* Seized before it runs anything, so that no stop signal is ever pending: what
   outlives us must go on. */
static pid_t
start(char **argv)
{
	int go[2];
	char byte;
	pid_t child;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		(void)setsid();
		if (read(go[0], &byte, 1) == 1)
			(void)execv(argv[0], argv);
		_exit(127);
	}
	if (ptrace(PTRACE_SEIZE, child, NULL, OPTIONS) < 0 ||
	    write(go[1], "", 1) != 1)
		return -1;
	(void)close(go[0]);
	(void)close(go[1]);
	return child;
}

int
main(int argc, char **argv)
{
	const char *path, *watched, *victim, *how;
	int status, end = 125;
	bool killed = false;
	pid_t command, id;
	long when;

	if (argc < 7)
		return 2;
	path = argv[1];
	watched = argv[2];
	wait_for_journal = *argv[3] == 'j';
	when = atol(argv[3] + wait_for_journal);
	victim = argv[4];
	how = argv[5];
	command = start(argv + 6);
	if (command < 0)
		return 125;
	(void)find(command);
	while ((id = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			if (!stopped(find(id), status, watched, when))
				continue;
			killed = kill_victim(victim, how);
			/* If that was another one, this goes on. */
			(void)ptrace(PTRACE_SYSCALL, id, NULL, 0);
			continue;
		}
		forget(id);
		if (id != command)
			continue;
		end = WIFEXITED(status) ? WEXITSTATUS(status)
					: 128 + WTERMSIG(status);
		/* Whoever outlives it is not traced from here on; without a
		   kill to the last, for the count. */
		if (when > 0)
			break;
	}
	write_report(path, killed);
	return end;
}
