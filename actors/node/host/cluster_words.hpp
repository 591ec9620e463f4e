// Messages of connectors name the options of `millrace run`; on a cluster `millrace apply` has them. Pure.
#pragma once

#include "runtime/base/error.hpp"

namespace millrace::host {

/// Names the cluster's command, where the error names `--fresh` or `--adopt`; once, however often it is called.
[[nodiscard]] error in_words_of_cluster(error why);

}  // namespace millrace::host
