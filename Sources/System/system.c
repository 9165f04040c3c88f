#define _GNU_SOURCE
#include "nn_system.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int nn_memory_file(const char *label) {
  return memfd_create(label, MFD_CLOEXEC);
}

int nn_pipe(int ends[2]) {
  return pipe2(ends, O_CLOEXEC);
}

int nn_signal_group_on_close(int reader, int group) {
  if (fcntl(reader, F_SETOWN, -group) != 0) return -1;
  const int flags = fcntl(reader, F_GETFL);
  return flags < 0 ? -1 : fcntl(reader, F_SETFL, flags | O_ASYNC);
}
