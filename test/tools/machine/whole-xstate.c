// User-Mode Linux sets its processes' floating point registers from a buffer of a fixed size. A processor whose state is
// larger (AMX) has the kernel refuse that (ptrace(2), PTRACE_SETREGSET: the whole of NT_X86_XSTATE or nothing). Loaded
// before libc (LD_PRELOAD), this completes the buffer with what the process has there already.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/** More than any processor has today: AMX ends at 11,008 bytes. */
static _Thread_local char whole[1 << 15] __attribute__((aligned(64)));

long ptrace(enum __ptrace_request request, ...) {
	static long (*real)(enum __ptrace_request, ...);
	if (real == NULL) real = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
	va_list list;
	va_start(list, request);
	pid_t pid = va_arg(list, pid_t);
	void *address = va_arg(list, void *);
	void *data = va_arg(list, void *);
	va_end(list);
	if (request != PTRACE_SETREGSET || (long)address != NT_X86_XSTATE) return real(request, pid, address, data);
	const struct iovec *given = data;
	struct iovec all = {.iov_base = whole, .iov_len = sizeof whole};
	if (real(PTRACE_GETREGSET, pid, address, &all) != 0) return -1;
	memcpy(whole, given->iov_base, given->iov_len < all.iov_len ? given->iov_len : all.iov_len);
	return real(request, pid, address, &all);
}
