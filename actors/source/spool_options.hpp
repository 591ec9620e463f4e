// The option `spool` of sources that keep what they receive until it is processed.
#pragma once

#include "actors/client/spool/spool.hpp"
#include "config/options.hpp"

#include <string>

namespace millrace::source {

/// Where a reader belongs, and where its stage's spool lies.
struct spool_place {
  std::string stage;
  std::string consumer;      // whose acknowledgements a reader brings
  std::string spool_folder;  // its parent need not exist
};

/// `what`: happens when it is full.
[[nodiscard]] config::option spool_option(const std::string& what);
/// Makes the folder above, too: the first spool of a state makes it.
[[nodiscard]] expected<spool::spool_options> spool_options_of(const config::values& options,
                                                              const std::string& folder);

}  // namespace millrace::source
