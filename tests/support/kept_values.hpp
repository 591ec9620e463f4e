// Values of a state in memory, as an actor or a plan looks them up.
#pragma once

#include "runtime/snapshot/snapshot.hpp"

#include <map>
#include <string>
#include <string_view>

namespace millrace::test {

struct kept_values final : snapshot::value_reader {
  [[nodiscard]] const snapshot::identity& id() const override { return id_; }
  [[nodiscard]] const std::string& folder() const override { return folder_; }
  [[nodiscard]] expected<std::string> get(std::string_view name) const override {
    if (name == broken)
      return outside_error(ec::unavailable, "the store is away");
    const auto at = all.find(std::string(name));
    return at == all.end() ? user_error(ec::not_found, "none") : expected<std::string>(at->second);
  }
  std::map<std::string, std::string> all;
  std::string broken;  // this one cannot be read

private:
  snapshot::identity id_;
  std::string folder_;
};

}  // namespace millrace::test
