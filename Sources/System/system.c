#define _GNU_SOURCE
#include "nn_system.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int nn_memory_file(const char *label) {
  return memfd_create(label, MFD_CLOEXEC);
}

int nn_pipe(int ends[2]) {
  return pipe2(ends, O_CLOEXEC);
}

/* What the child does before the program starts. It shares the parent's memory, so it makes system calls only. */
static int become(
  const char *path, char *const arguments[], char *const environment[], const int files[3]) {
  /* A handler of the parent's must not run here. */
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  if (setpgid(0, 0) != 0 || fcntl(files[2], F_SETOWN, -getpid()) != 0) return errno;
  /* This process has the pipe's writer as well, up to the start of the program: should the parent be gone by then, the last
     writer goes at that moment, and the signal comes then. */
  const int flags = fcntl(files[2], F_GETFL);
  if (flags < 0 || fcntl(files[2], F_SETFL, flags | O_ASYNC) != 0) return errno;
  if (dup2(files[0], 0) < 0 || dup2(files[1], 1) < 0 || dup2(files[1], 2) < 0
      || dup2(files[2], 3) < 0) {
    return errno;
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(path, arguments, environment);
  return errno;
}

int nn_start(
  const char *path, char *const arguments[], char *const environment[], int input, int output,
  int reader, int *child) {
  /* Out of the way of the numbers that they are to get. */
  const int files[3] = {
    fcntl(input, F_DUPFD_CLOEXEC, 4), fcntl(output, F_DUPFD_CLOEXEC, 4), fcntl(reader, F_DUPFD_CLOEXEC, 4),
  };
  volatile int failure = files[0] < 0 || files[1] < 0 || files[2] < 0 ? errno : 0;
  if (failure == 0) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    /* Not fork, which would copy the page tables of a process that may hold gigabytes. The parent waits until the program has
       started. */
    const pid_t started = vfork();
    if (started == 0) {
      failure = become(path, arguments, environment, files);
      _exit(127);
    }
    if (started < 0) failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    *child = started;
  }
  for (int i = 0; i < 3; i++) {
    if (files[i] >= 0) close(files[i]);
  }
  return failure;
}

nn_cores nn_own_cores(void) {
  nn_cores cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  memset(&cores, 0, sizeof cores);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    memcpy(&cores, &set, sizeof set < sizeof cores ? sizeof set : sizeof cores);
  }
  return cores;
}

int nn_current_core(void) { return sched_getcpu(); }

void nn_keep_off_core(pthread_t thread, const nn_cores *cores, int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  memcpy(&set, cores, sizeof set < sizeof *cores ? sizeof set : sizeof *cores);
  if (core >= 0 && core < CPU_SETSIZE) CPU_CLR(core, &set);
  if (CPU_COUNT(&set) > 0) (void)pthread_setaffinity_np(thread, sizeof set, &set);
}
