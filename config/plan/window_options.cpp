#include "config/plan/window_options.hpp"

#include "config/plan/unknown_zone.hpp"
#include "runtime/expression/formats/calendar.hpp"

#include <fmt/format.h>

namespace millrace::config {
namespace {

/// A record adds to one slice, but firing a window merges all its slices: beyond this a window is a mistake.
constexpr std::int64_t most_slices = 100'000;

constexpr micros day = std::chrono::hours(24);
constexpr micros week = 7 * day;
/// 1970 began on a Thursday. Weeks of a zone begin on Mondays, as date_trunc has them.
constexpr micros first_monday = 4 * day;

/// Reads where windows begin: `offset` and `zone`. Days and weeks are counted by the clocks of the zone; a
/// size that does not fit into its days begins at no time of the day.
void read_alignment(draft& d, window_plan& plan, report& out) {
  const auto& o = d.built.options;
  auto& def = plan.definition;
  const bool is_good = o.has("size") && def.slide.count() > 0 && def.slide <= def.size;
  if (o.has("offset")) {
    plan.offset = o.duration("offset");
    if (is_good && plan.offset >= def.slide)
      return d.fail(
          out, "offset",
          fmt::format("windows begin every {}, so that an offset of {} moves them by {}; expected less "
                      "than {}",
                      format_duration(def.slide), format_duration(plan.offset),
                      format_duration(plan.offset % def.slide), format_duration(def.slide)));
    def.anchor = plan.offset;
  }
  if (!o.has("zone"))
    return;
  const auto name = o.text("zone");
  def.zone = expression::find_zone(name);
  if (def.zone == nullptr)
    return d.fail(out, "zone", unknown_zone(name));
  if (!is_good)
    return;
  if (def.slide % day != micros{0} && day % def.slide != micros{0})
    return d.fail(
        out, o.has("slide") ? "slide" : "size",
        fmt::format("{} neither divides a day nor is a number of days, so that windows would begin "
                    "at another time of each day in {}; expected 1 hour, 6 hours, 1 day or 1 week, say, "
                    "or no \"zone\"",
                    format_duration(def.slide), expression::zone_name(*def.zone)));
  def.anchor = plan.offset + (def.slide % week == micros{0} ? first_monday : micros{0});
}

}  // namespace

void read_times_of_windows(draft& d, window_plan& plan, report& out) {
  const auto& o = d.built.options;
  auto& def = plan.definition;
  if (o.has("size"))
    def.size = def.slide = o.duration("size");
  if (o.has("slide"))
    def.slide = o.duration("slide");
  if (o.has("size") && o.has("slide") && def.slide.count() > 0) {
    if (def.slide > def.size || def.size.count() % def.slide.count() != 0)
      d.fail(out, "size",
             fmt::format("{} is not a multiple of the slide {}; expected a size that the slide divides",
                         format_duration(def.size), format_duration(def.slide)));
    else if (def.size / def.slide > most_slices)
      d.fail(out, "slide",
             fmt::format("there are {} windows open at any time; expected at most {} (size / slide)",
                         def.size / def.slide, most_slices));
  }
  read_alignment(d, plan, out);
}

std::string beside_left(micros later) {
  if (later == micros{0})
    return "left";
  return later < micros{0} ? "left - " + format_duration(-later) : "left + " + format_duration(later);
}

void read_bounds_of_shards(const draft& d, window_plan& plan) {
  const auto& o = d.built.options;
  if (o.has("allowed_lateness"))
    plan.definition.allowed_lateness = o.duration("allowed_lateness");
  if (o.has("shards"))
    plan.definition.shards = static_cast<std::uint32_t>(o.integer("shards"));
  if (o.has("retain"))
    plan.retain = o.size("retain");
  if (o.has("retain_memory"))
    plan.retain_memory = o.size("retain_memory");
}

}  // namespace millrace::config
