// Messages of connectors name the options of `millrace run`; a cluster has none of them. Pure.
#pragma once

#include "runtime/base/error.hpp"

#include <string>

namespace millrace::host {

/// Says how a cluster does it, where the error names `--fresh` or `--adopt`; once, however often it is called.
[[nodiscard]] error in_words_of_cluster(error why, const std::string& topology);

}  // namespace millrace::host
