// A shard's windows, of any shape: they implement delivery::window_state, which says what each call promises.
// Lane frames bring partial aggregates; rows of upstream windows are made into such.
#pragma once

#include "runtime/delivery/window_state.hpp"
#include "runtime/window/window.hpp"

#include <functional>
#include <memory>

namespace millrace::window {

/// Makes partial aggregates of those rows of an upstream window that are this shard's; null pointer where
/// none is. `counts`: as window_state::absorb_rows says.
using form_partials =
    std::function<partials_ptr(const delivery::output_frame& rows, delivery::ledger& counts)>;

class shard_windows : public delivery::window_state {
public:
  std::uint64_t absorb(const delivery::lane_frame& frame, event_micros fired) final;
  std::uint64_t absorb_rows(const delivery::output_frame& rows, event_micros fired,
                            delivery::ledger& counts) final;
  /// Both of them end here: merges partial aggregates into the windows, and returns what they return.
  virtual std::uint64_t absorb_partials(const partials& p, event_micros fired) = 0;
  /// Returns whether changes() has rows to give.
  [[nodiscard]] virtual bool has_changes() const = 0;

protected:
  explicit shard_windows(form_partials upstream) : upstream_(std::move(upstream)) {}

private:
  form_partials upstream_;
};

/// `upstream`: null where no window stands upstream.
[[nodiscard]] std::unique_ptr<shard_windows> make_shard_windows(const definition& d,
                                                                form_partials upstream = nullptr);
/// Tumbling, sliding and global windows.
[[nodiscard]] std::unique_ptr<shard_windows> make_aligned_windows(const definition& d,
                                                                  form_partials upstream);
[[nodiscard]] std::unique_ptr<shard_windows> make_session_windows(const definition& d,
                                                                  form_partials upstream);
[[nodiscard]] std::unique_ptr<shard_windows> make_interval_join(const definition& d, form_partials upstream);

}  // namespace millrace::window
