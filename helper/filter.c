/* SPDX-License-Identifier: MIT */
/*
 * Run by make: the system call filter of tokenring-net, compiled once and not
 * at each start.  Writes C to standard output: the program for seccomp(2), and
 * which of its instructions want the process's own number (net_seccomp.c).
 *
 * What a worker that was taken over by a server's answer could still ask the
 * kernel for: not to run a program, not to reach another process, not the
 * kernel keyring, not to change what files there are.  It reads certificates
 * and name service files and speaks to the network; that is all.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* Stands for the process's own number: no number that a process can have, nor
   any other constant of the filter. */
#define ANY_PID 0x50494400U

/* As in rawcall.h. */
#if defined(__s390__) || defined(__CRIS__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#define NO SCMP_ACT_ERRNO(EPERM)

/* clang-format off */
static const int refused[] = {
	/* programs and processes; threads (CLONE_THREAD) are the resolver's */
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_send_signal), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo),
	SCMP_SYS(kcmp), SCMP_SYS(setpriority), SCMP_SYS(ioprio_set), SCMP_SYS(move_pages),
	SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_setattr), SCMP_SYS(sched_setparam),
	SCMP_SYS(sched_setscheduler), SCMP_SYS(unshare), SCMP_SYS(setns),
	/* keys, kernel interfaces */
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
	SCMP_SYS(personality), SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(kexec_load), SCMP_SYS(shmget), SCMP_SYS(shmat), SCMP_SYS(msgget),
	SCMP_SYS(semget), SCMP_SYS(mq_open), SCMP_SYS(mq_unlink),
	/* what files there are; listening */
	SCMP_SYS(creat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink),
	SCMP_SYS(symlinkat), SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(chmod),
	SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(fchown),
	SCMP_SYS(fchownat), SCMP_SYS(lchown), SCMP_SYS(truncate), SCMP_SYS(utime),
	SCMP_SYS(utimes), SCMP_SYS(futimesat), SCMP_SYS(utimensat), SCMP_SYS(setxattr),
	SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr), SCMP_SYS(removexattr),
	SCMP_SYS(lremovexattr), SCMP_SYS(fremovexattr),
	SCMP_SYS(openat2), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
};
/* clang-format on */

/* Opening to write, empty or create; the journal is open already. */
static int
refuse_writing(scmp_filter_ctx filter)
{
	static const unsigned flags[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC};
	int r = 0;
	size_t i;

	for (i = 0; r == 0 && i < sizeof(flags) / sizeof(flags[0]); i++) {
		r = seccomp_rule_add(filter, NO, SCMP_SYS(open), 1,
		    SCMP_A1(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
		if (r == 0)
			r = seccomp_rule_add(filter, NO, SCMP_SYS(openat), 1,
			    SCMP_A2(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
	}
	return r;
}

/* Allowed for the caller itself: abort(3) sends a signal, getrlimit(3) asks. */
static int
refuse_others(scmp_filter_ctx filter)
{
	int r;

	r = seccomp_rule_add(
	    filter, NO, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_NE, ANY_PID, 0));
	if (r == 0)
		r = seccomp_rule_add(filter, NO, SCMP_SYS(prlimit64), 1,
		    SCMP_A0(SCMP_CMP_NE, 0, 0));
	return r;
}

static int
add_rules(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp no_thread = {
	    CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0};
	int r = 0;
	size_t i;

	for (i = 0; r == 0 && i < sizeof(refused) / sizeof(refused[0]); i++)
		r = seccomp_rule_add(filter, NO, refused[i], 0);
	if (r == 0)
		r = refuse_writing(filter);
	if (r == 0)
		r = refuse_others(filter);
	if (r == 0)
		r = seccomp_rule_add_array(
		    filter, NO, SCMP_SYS(clone), 1, &no_thread);
	/* Its flags are in memory, out of a filter's sight: the C library falls
	   back to clone when there is no such call. */
	if (r == 0)
		r = seccomp_rule_add(
		    filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r;
}

/* Into a pipe: its 64 KiB hold the longest program that the kernel takes. */
static ssize_t
compiled(struct sock_filter *program, size_t size)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int end[2];

	if (filter == NULL || pipe(end) < 0 ||
	    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0 ||
	    add_rules(filter) < 0 || seccomp_export_bpf(filter, end[1]) < 0)
		return -1;
	seccomp_release(filter);
	return read(end[0], program, size);
}

static bool
wants_pid(const struct sock_filter *f)
{
	return BPF_CLASS(f->code) == BPF_JMP && f->k == ANY_PID;
}

int
main(void)
{
	static struct sock_filter program[BPF_MAXINSNS];
	ssize_t n = compiled(program, sizeof(program));
	size_t i, at = 0, pids = 0;

	if (n <= 0 || n % (ssize_t)sizeof(*program) != 0)
		return 1;
	(void)printf("static const struct sock_filter net_filter[] = {\n");
	for (i = 0; i < (size_t)n / sizeof(*program); i++) {
		(void)printf("\t{0x%02x, %u, %u, 0x%08x},\n", program[i].code,
		    program[i].jt, program[i].jf, program[i].k);
		if (wants_pid(&program[i])) {
			at = i;
			pids++;
		}
	}
	(void)printf("};\n\n#define NET_FILTER_PID_AT %zu\n", at);
	return pids == 1 && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
