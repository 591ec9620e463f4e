#include "tools/cli/refuse.hpp"

#include "tools/cli/logging.hpp"

namespace millrace::cli {

int refuse(const std::string& why, int status) {
  complain("millrace: " + why);
  return status;
}

int refuse(const error& why, int status) { return refuse(describe(why), status); }

int refuse_by_fault(const error& why) {
  return refuse(why, why.whose == fault::user ? exit_wrong : exit_failed);
}

}  // namespace millrace::cli
