#include "tools/cli/printing.hpp"

#include "runtime/base/visible_text.hpp"
#include "tools/cli/subcommands.hpp"

#include <cstdio>
#include <unistd.h>
#include <utility>

namespace millrace::cli {

int print(std::string lines) {
  const auto text = lines_for(STDOUT_FILENO, std::move(lines));
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return is_written ? exit_done : exit_failed;
}

}  // namespace millrace::cli
