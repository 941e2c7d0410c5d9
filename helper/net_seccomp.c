/* SPDX-License-Identifier: MIT */
/*
 * What a worker that was taken over by a server's answer could still ask the
 * kernel for: not to run a program, not to reach another process, not the
 * kernel keyring, not to change what files there are.  It reads certificates
 * and name service files and speaks to the network; that is all.
 */
#include "net_worker.h"

#ifdef HAVE_SECCOMP
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>

/* clang-format off */
static const int refused[] = {
	/* programs and processes; threads (CLONE_THREAD) are the resolver's */
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_send_signal), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(kcmp),
	SCMP_SYS(setpriority), SCMP_SYS(unshare), SCMP_SYS(setns),
	/* keys, kernel interfaces */
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
	SCMP_SYS(personality), SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(kexec_load), SCMP_SYS(shmget), SCMP_SYS(msgget), SCMP_SYS(semget),
	/* what files there are; listening */
	SCMP_SYS(creat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink),
	SCMP_SYS(symlinkat), SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(chmod),
	SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(fchown),
	SCMP_SYS(fchownat), SCMP_SYS(lchown), SCMP_SYS(truncate), SCMP_SYS(setxattr),
	SCMP_SYS(openat2), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
};
/* clang-format on */

static int
add_rules(scmp_filter_ctx filter)
{
	const uint32_t no = SCMP_ACT_ERRNO(EPERM);
	int r = 0;
	size_t i;

	for (i = 0; r == 0 && i < sizeof(refused) / sizeof(refused[0]); i++)
		r = seccomp_rule_add(filter, no, refused[i], 0);
	/* Opening to write; the journal is open already. */
	if (r == 0)
		r = seccomp_rule_add(filter, no, SCMP_SYS(openat), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, O_WRONLY, O_WRONLY));
	if (r == 0)
		r = seccomp_rule_add(filter, no, SCMP_SYS(openat), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, O_RDWR, O_RDWR));
	if (r == 0)
		r = seccomp_rule_add(filter, no, SCMP_SYS(openat), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT));
	if (r == 0)
		r = seccomp_rule_add(filter, no, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	/* Its flags are in memory, out of a filter's sight: the C library falls
	   back to clone when there is no such call. */
	if (r == 0)
		r = seccomp_rule_add(
		    filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r;
}

int
net_seccomp(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (filter == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	r = add_rules(filter);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	/* A kernel without filters (or a container that forbids them) is no
	   reason to let nobody in; the loss of rights before this is. */
	if (r < 0 && r != -EINVAL && r != -ENOSYS && r != -EACCES &&
	    r != -ECANCELED)
		return err_set(
		    err, ERR_INTERNAL, "cannot load the system call filter");
	return 0;
}

#else

int
net_seccomp(struct err *err)
{
	(void)err;
	return 0;
}

#endif
