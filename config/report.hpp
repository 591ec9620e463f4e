// Gathers the findings of one load() and puts them into words that users can act on.
#pragma once

#include "config/mask.hpp"
#include "config/node.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

class report {
public:
  void error(place where, std::string path, std::string message) {
    findings_.push_back({std::move(where), std::move(path), std::move(message), false});
    ++errors_;
  }
  void warning(place where, std::string path, std::string message) {
    findings_.push_back({std::move(where), std::move(path), std::move(message), true});
  }
  /// How many errors so far: a step that compares before and after knows whether it may go on.
  [[nodiscard]] std::size_t errors() const { return errors_; }
  /// A value that no finding may show.
  void keep_secret(std::string value, std::string shown);
  [[nodiscard]] const std::vector<secret>& secrets() const { return secrets_; }
  /// Redacted; in the order of `files` (others first), then by line and column.
  [[nodiscard]] std::vector<finding> take(const std::vector<std::string>& files);

private:
  std::vector<finding> findings_;
  std::vector<secret> secrets_;
  std::size_t errors_ = 0;
};

/// `; did you mean "brokers"?`, or nothing when no name is close.
[[nodiscard]] std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& known);
/// `"a", "b" or "c"`; long lists are cut.
[[nodiscard]] std::string one_of(const std::vector<std::string>& names);
/// `stages.clicks` + `rate`.
[[nodiscard]] std::string join(std::string_view path, std::string_view name);

}  // namespace millrace::config
