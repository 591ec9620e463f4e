#include "runtime/window/shard_windows.hpp"

namespace millrace::window {

std::unique_ptr<shard_windows> make_shard_windows(const definition& d, form_partials upstream) {
  return d.kind == shape::session    ? make_session_windows(d, std::move(upstream))
         : d.kind == shape::interval ? make_interval_join(d, std::move(upstream))
                                     : make_aligned_windows(d, std::move(upstream));
}

std::uint64_t shard_windows::absorb(const delivery::lane_frame& frame, event_micros fired) {
  return absorb_partials(*std::get<partials_ptr>(frame.content), fired);
}

std::uint64_t shard_windows::absorb_rows(const delivery::output_frame& rows, event_micros fired,
                                         delivery::ledger& counts) {
  const auto mine = upstream_ ? upstream_(rows, counts) : nullptr;
  return mine ? absorb_partials(*mine, fired) : 0;
}

}  // namespace millrace::window
