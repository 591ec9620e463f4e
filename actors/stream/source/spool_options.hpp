// The option `spool` of sources that keep what they receive until it is processed.
#pragma once

#include "actors/stream/spool/spool.hpp"
#include "config/options.hpp"
#include "runtime/base/life.hpp"
#include "runtime/chain/named_chains.hpp"

#include <memory>
#include <string>

namespace millrace::source {

/// The stage of a reader, and the place of the stage's spool.
struct spool_place {
  std::string stage;
  std::string consumer;      // the consumer whose acknowledgements a reader brings
  std::string spool_folder;  // its parent need not exist
  /// The store of a cluster, where the spool lies instead, and the life of the lane that reads it; null: in the folder.
  std::shared_ptr<chain::named_chains> chains = nullptr;
  life now = {};
  std::string in_logs = {};  // the stage's name there
};
struct spool_setup {
  std::unique_ptr<spool::segment_store> segments;
  spool::spool_options options;
};

/// `what`: happens when it is full.
[[nodiscard]] config::option spool_option(const std::string& what);
/// Makes the folder above, too: the first spool of a state makes it.
[[nodiscard]] expected<spool_setup> spool_setup_of(const config::values& options, const spool_place& at);

}  // namespace millrace::source
