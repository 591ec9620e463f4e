// A source's reader of one partition, "0", that never has anything: tests derive theirs from it, and say what differs.
#pragma once

#include "actors/stream/source/source.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::test {

class fake_reader : public source::reader {
public:
  expected<std::vector<source::partition_info>> discover(std::chrono::milliseconds) override {
    return std::vector<source::partition_info>{{"0", {}, {}}};
  }
  expected<void> assign(const std::string&, position from) override {
    at_ = from.major < 0 ? 0 : from.minor;
    return {};
  }
  void unassign(const std::string&) override {}
  expected<std::optional<source::chunk>> read(std::span<const std::string>, std::size_t,
                                              std::chrono::milliseconds) override {
    return give();
  }
  void acknowledge(const std::string&, position) override {}
  std::optional<source::backlog> lag() override { return std::nullopt; }
  void interrupt() override {}

protected:
  /// Gives the records from `at_` on, and moves that on.
  virtual std::optional<source::chunk> give() { return std::nullopt; }

  std::int64_t at_ = 0;
};

}  // namespace millrace::test
