#include <cassert>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>
struct Lost : std::runtime_error { using std::runtime_error::runtime_error; };
int main(int, char **argv) {
  const char *kind = argv[1];
  fprintf(stderr, "listening\n");
  if (!strcmp(kind, "throw")) throw Lost("lease expired");
  if (!strcmp(kind, "assert")) { int sum = 1; assert(sum == 0 && "balances differ"); }
  if (!strcmp(kind, "free")) { char *p = (char *)malloc(8); free(p); free(p); }
  if (!strcmp(kind, "use")) { volatile int *p = new int[4]; delete[] p; fprintf(stderr, "balance %d\n", p[1]); }
  if (!strcmp(kind, "leak")) { (void)!malloc(100); }
  if (!strcmp(kind, "undefined")) { volatile int n = 2147483647; n = n + 1; fprintf(stderr, "balance %d\n", n); }
  if (!strcmp(kind, "segv")) { *(volatile int *)0 = 1; }
  if (!strcmp(kind, "smash")) { char b[4]; strcpy(b, argv[2]); fprintf(stderr, "%s\n", b); }
  fprintf(stderr, "serving again\n");
  return 0;
}
