#include "actors/node/host/cluster_words.hpp"

#include <fmt/format.h>

namespace millrace::host {

error in_words_of_cluster(error why, const std::string& topology) {
  const auto names = [&why](const char* text) { return why.message.find(text) != std::string::npos; };
  if ((!names("--fresh") && !names("--adopt")) || names("on a cluster "))
    return why;
  why.message = fmt::format("on a cluster `millrace remove {}` and applying it again {}{}: {}", topology,
                            names("--fresh") ? "stand for --fresh" : "begin anew",
                            names("--adopt") ? "; there is no --adopt" : "", why.message);
  return why;
}

}  // namespace millrace::host
