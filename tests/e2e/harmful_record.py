"""A record that ends the process which works on it: a library in front of RE2, which the product calls for each record that a regular
expression looks at, calls abort() for one that holds the word "poison", or throws, as long as a file is there."""
import signal
import subprocess

POISON = "poison"
ENDS_BY = -signal.SIGABRT
# RE2::Match of libre2.so.9.
MATCH = "_ZNK3re23RE25MatchERKNS_11StringPieceEmmNS0_6AnchorEPS1_i"
SOURCE = f"""
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>
struct piece {{ const char* data; std::size_t size; }};
extern "C" bool {MATCH}(const void* self, const piece& text, std::size_t from, std::size_t to, int anchor, void* found, int most) {{
  static const auto real = reinterpret_cast<decltype(&{MATCH})>(dlsym(RTLD_NEXT, "{MATCH}"));
  if (memmem(text.data, text.size, "{POISON}", {len(POISON)}) != nullptr && access(getenv("HARMFUL"), F_OK) == 0) {{
    if (getenv("HARM_THROWS") != nullptr)
      throw std::runtime_error("a {POISON} was met");
    const rlimit no_core{{0, 0}};  // it takes a while
    setrlimit(RLIMIT_CORE, &no_core);
    abort();
  }}
  return real(self, text, from, to, anchor, found, most);
}}
"""


class Harm:
    """Compiled in the folder; the record does harm until `ends`."""

    def __init__(self, folder, throws=False):
        source, built = folder / "harm.cpp", folder / "harm.so"
        source.write_text(SOURCE)
        subprocess.run(["c++", "-std=c++20", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", built, source, "-ldl"], check=True)
        self.file = folder / "harmful"
        self.file.touch()
        self.environment = {"LD_PRELOAD": str(built), "HARMFUL": str(self.file), **({"HARM_THROWS": "1"} if throws else {})}

    def ends(self):
        self.file.unlink()
