// A sink's target in memory, as a test sees and sets it. Its writers take and keep all that they get, unless a test has
// a call fail.
#pragma once

#include "actors/stream/sink/sink.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::test {

/// The error of a target that is away.
inline const error gone{ec::unavailable, fault::outside, true, "nobody answers", {}};
/// The error of a target that a newer life has.
inline const error taken_over{ec::fenced, fault::outside, false, "a newer life has it", {}};

/// Outlives its writers.
struct fake_target {
  [[nodiscard]] std::unique_ptr<sink::writer> writer();

  std::optional<sink::progress> stored;
  std::map<std::string, error> fails;  // the next call of this name does
  /// Hears of each call by its name: "open", "write", "commit", "keep alive". One that it gives an error for fails.
  std::function<std::optional<error>(const std::string& name)> on_call;
  std::vector<sink::claim> claims;
  std::uint64_t refuses = 0;                // rows of the next commit
  std::vector<sink::rejected_row> refused;  // kept until they are forgotten
  std::optional<micros> commit_in;
  std::optional<micros> keep_alive_in;
  std::vector<data::batch> written;
  std::uint64_t uncommitted = 0;  // rows since it was opened, or since the last commit
};

class fake_writer final : public sink::writer {
public:
  explicit fake_writer(fake_target& target) : target_(target) {}

  expected<std::optional<sink::progress>> open(const sink::claim& who) override {
    target_.claims.push_back(who);
    target_.uncommitted = 0;
    RETURN_IF_ERROR(call("open"));
    return target_.stored;
  }
  expected<void> write(const data::batch& rows) override {
    RETURN_IF_ERROR(call("write"));
    target_.written.push_back(rows);
    target_.uncommitted += rows.rows;
    return {};
  }
  void end_of_window() override { static_cast<void>(call("end of window")); }
  std::optional<micros> commit_in() const override { return target_.commit_in; }
  expected<std::uint64_t> commit(const sink::progress& p) override {
    RETURN_IF_ERROR(call("commit"));
    target_.stored = p;
    target_.uncommitted = 0;
    return std::exchange(target_.refuses, 0);
  }
  expected<std::vector<sink::rejected_row>> rejected(std::uint64_t after, std::size_t limit) override {
    RETURN_IF_ERROR(call("rejected"));
    std::vector<sink::rejected_row> out;
    for (const auto& r : target_.refused)
      if (r.sequence > after && out.size() < limit)
        out.push_back(r);
    return out;
  }
  void forget_rejected(std::uint64_t up_to) override {
    static_cast<void>(call("forget"));
    std::erase_if(target_.refused, [&](const auto& r) { return r.sequence <= up_to; });
  }
  expected<void> keep_alive() override { return call("keep alive"); }
  std::optional<micros> keep_alive_in() const override { return target_.keep_alive_in; }

private:
  expected<void> call(const std::string& name) {
    if (target_.on_call)
      if (auto why = target_.on_call(name))
        return unexpected(std::move(*why));
    if (auto fails = target_.fails.extract(name))
      return unexpected(std::move(fails.mapped()));
    return {};
  }

  fake_target& target_;
};

inline std::unique_ptr<sink::writer> fake_target::writer() { return std::make_unique<fake_writer>(*this); }

}  // namespace millrace::test
