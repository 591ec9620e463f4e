#include "tools/load/truth.hpp"

#include "actors/connectors/generator/listening.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace millrace::load {

expected<void> write_truth(const options& o) {
  const auto partial = o.truth + ".partial";
  std::ofstream file(partial, std::ios::trunc);
  file << "userId,probability,left\n";
  const auto all = source::listeners_among(o.records, *o.count);
  for (std::uint64_t i = 0; i < all && file; ++i) {
    if (const auto t = source::truth_from(o.records, i, o.truth_from, *o.count))
      file << fmt::format("{},{:.6f},{}\n", t->user, t->probability, t->has_left ? 1 : 0);
  }
  file.close();
  std::error_code failed;
  if (file)
    std::filesystem::rename(partial, o.truth, failed);
  if (file && !failed)
    return {};
  std::error_code ignored;
  std::filesystem::remove(partial, ignored);
  return user_error(ec::io, fmt::format("--truth {}: it cannot be written{}", o.truth,
                                        failed ? ": " + failed.message() : ""));
}

}  // namespace millrace::load
