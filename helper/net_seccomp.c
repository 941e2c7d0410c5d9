/* SPDX-License-Identifier: MIT */
#include "net_worker.h"

#ifdef HAVE_SECCOMP
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "net_filter.h" /* of filter.c, made by make */

/* Of the kernel alone: its compiler of filters has no room left. */
#define KERNEL_ENOTSUPP 524

#define FILTER_LEN (sizeof(net_filter) / sizeof(net_filter[0]))

int
net_seccomp(struct err *err)
{
	struct sock_filter own[FILTER_LEN];
	struct sock_fprog program = {FILTER_LEN, own};
	size_t i;

	for (i = 0; i < FILTER_LEN; i++) {
		own[i] = net_filter[i];
		if (BPF_CLASS(own[i].code) == BPF_JMP &&
		    own[i].k == NET_FILTER_ANY_PID)
			own[i].k = (__u32)getpid();
	}
	/* A kernel without filters (or a container that forbids them) is no
	   reason to let nobody in; the loss of rights before this is. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 &&
	    errno != EINVAL && errno != ENOSYS && errno != EACCES &&
	    errno != EPERM && errno != KERNEL_ENOTSUPP)
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
