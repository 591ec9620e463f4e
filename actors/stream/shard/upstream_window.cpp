#include "actors/stream/shard/upstream_window.hpp"

#include "actors/stream/stage/window_intake.hpp"
#include "runtime/data/key_encoding.hpp"

#include <algorithm>
#include <memory>

namespace millrace::shard {
namespace {

class partials_of_rows {
public:
  explicit partials_of_rows(upstream_rows of);

  /// Null pointer where none of the rows is this shard's. `counts`: what happened to all of them, if the log
  /// is one that this shard counts for.
  [[nodiscard]] window::partials_ptr form(const delivery::output_frame& f, delivery::ledger& counts);

private:
  void set_times(const delivery::output_frame& f);
  void add(const upstream_window& from, const stage::chain& way, const delivery::output_frame& f, bool mine,
           delivery::ledger& counts);

  upstream_rows of_;
  window::partials_builder partials_;
  bool places_;
  std::vector<event_micros> times_;  // of the frame's rows, or one for all
};

partials_of_rows::partials_of_rows(upstream_rows of)
    : of_(std::move(of)),
      partials_(of_.plan->definition, window::only_shard(of_.shard, of_.plan->definition.shards)),
      places_(window::reads_places(of_.plan->definition)) {}

window::partials_ptr partials_of_rows::form(const delivery::output_frame& f, delivery::ledger& counts) {
  for (const auto& w : of_.windows) {
    const auto log = std::find(w.logs.begin(), w.logs.end(), f.log);
    if (log == w.logs.end())
      continue;
    const bool mine =
        static_cast<std::size_t>(log - w.logs.begin()) % of_.plan->definition.shards == of_.shard;
    if (mine)
      counts[delivery::taken_by(w.chains.front().back().stage)].in += f.end - f.begin;
    set_times(f);
    for (const auto& way : w.chains)
      add(w, way, f, mine, counts);
  }
  return partials_.finish()[of_.shard];
}

void partials_of_rows::set_times(const delivery::output_frame& f) {
  times_.assign(f.windows.empty() ? 1 : f.end - f.begin, delivery::event_time_at(f.reached));
  for (std::uint32_t i = 0; i < times_.size() && !f.windows.empty(); ++i)
    times_[i] = delivery::event_time_at(f.position_of(f.begin + i));
}

void partials_of_rows::add(const upstream_window& from, const stage::chain& way,
                           const delivery::output_frame& f, bool mine, delivery::ledger& counts) {
  constexpr event_micros no_clock = 0;  // stages upstream of a window do not read it
  const bool all = f.begin == 0 && f.end == f.rows->rows;
  auto rows = stage::all_rows(all ? *f.rows : data::slice(*f.rows, f.begin, f.end));
  for (const auto& s : way) {
    if (s.window != nullptr)
      break;
    auto result = stage::run_step(*s.step, rows, no_clock);
    if (mine && s.counts)
      counts[s.stage] += result.counts;
    rows = std::move(result.rows);
  }
  const auto in = stage::take_in(*of_.plan, way.back().side, rows, times_, no_clock);
  if (mine)
    counts[way.back().stage] += in.counts;
  const auto n = in.rows.batch.rows;
  std::vector<event_micros> times(n);
  for (std::size_t i = 0; i < n; ++i)
    times[i] = times_.size() == 1 ? times_.front() : times_[in.rows.origin[i]];
  const std::vector<event_micros> watermarks(n, no_watermark);
  std::vector<position> positions;
  std::vector<std::string> places;
  std::vector<std::string_view> partitions;
  for (std::size_t i = 0; places_ && i < n; ++i) {
    // Rows of one time go by their key, never by shard: each key's rows lie in one, in order.
    const auto row = f.begin + in.rows.origin[i];
    positions.push_back(f.position_of(row));
    auto& place = places.emplace_back();
    for (std::size_t k = 0; k < from.key_columns; ++k)
      data::append_key(place, *f.rows->columns[k], row);
    place += from.name;
  }
  partitions.assign(places.begin(), places.end());
  std::vector<std::uint32_t> late;
  partials_.add(
      {in.keys, in.arguments, in.filters, times, watermarks, positions, {}, partitions, in.orders, in.side},
      late);
}

}  // namespace

window::form_partials partials_of(const std::optional<upstream_rows>& of) {
  if (!of)
    return nullptr;
  return [rows = std::make_shared<partials_of_rows>(*of)](
             const delivery::output_frame& f, delivery::ledger& counts) { return rows->form(f, counts); };
}

}  // namespace millrace::shard
