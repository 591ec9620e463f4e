// The values of a plan while it is prepared: the same interface as a state folder's, in memory.
#pragma once

#include "runtime/snapshot/snapshot.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::host {

/// Holds the values that are decided before anything runs; `control` keeps them as a part of the plan.
class plan_values final : public snapshot::value_store {
public:
  plan_values(snapshot::identity id, std::string folder, std::map<std::string, std::string> values)
      : id_(std::move(id)), folder_(std::move(folder)), values_(std::move(values)) {}

  [[nodiscard]] const snapshot::identity& id() const override { return id_; }
  [[nodiscard]] const std::string& folder() const override { return folder_; }
  [[nodiscard]] expected<std::string> get(std::string_view name) const override {
    const auto found = values_.find(std::string(name));
    if (found == values_.end())
      return user_error(ec::not_found, fmt::format("nothing is called {}", name));
    return found->second;
  }
  [[nodiscard]] expected<void> put(std::string_view name, std::string_view value) override {
    values_[std::string(name)] = value;
    return {};
  }
  void erase(std::string_view name) { values_.erase(std::string(name)); }
  [[nodiscard]] const std::map<std::string, std::string>& all() const { return values_; }

private:
  snapshot::identity id_;
  std::string folder_;
  std::map<std::string, std::string> values_;
};

}  // namespace millrace::host
