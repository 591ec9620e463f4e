#include "tools/cli/node_exit.hpp"

#include "tools/cli/subcommands.hpp"

namespace millrace::cli {

int exit_status_of(node_step at, const error& e) {
  const bool is_alone = at < node_step::store;
  return is_alone && e.whose == fault::user ? exit_wrong : exit_failed;
}

}  // namespace millrace::cli
