#include "tools/load/report.hpp"

#include "runtime/data/json_value.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace millrace::load {
namespace {

std::string in_ms(std::uint64_t micros) {
  return fmt::format("{:.1f} ms", static_cast<double>(micros) / 1e3);
}

std::string percentiles_text(const latency_histogram& h) {
  return fmt::format("p50 {}, p90 {}, p99 {}, p99.9 {}, max {}", in_ms(h.percentile(0.5)),
                     in_ms(h.percentile(0.9)), in_ms(h.percentile(0.99)), in_ms(h.percentile(0.999)),
                     in_ms(h.max()));
}

boost::json::object percentiles_json(const latency_histogram& h) {
  return {{"count", h.count()},        {"p50", h.percentile(0.5)},     {"p90", h.percentile(0.9)},
          {"p99", h.percentile(0.99)}, {"p99.9", h.percentile(0.999)}, {"max", h.max()}};
}

double a_second(std::uint64_t records, double seconds) {
  return seconds > 0 ? static_cast<double>(records) / seconds : 0;
}

}  // namespace

std::string to_text(const second_line& s) {
  return fmt::format("{:>5} s  sent {:>9}/s  delivered {:>9}/s  lag {}\n", s.second, s.sent, s.delivered,
                     in_ms(static_cast<std::uint64_t>(s.lag_us)));
}

std::string to_text(const summary& s, const outcome& o, const std::optional<measurement>& m) {
  std::string out = fmt::format(
      "sent {} records, delivered {} ({:.1f} MB) in {:.3f} s: {:.0f} records/s, {:.1f} MB/s{}\n", s.sent,
      o.delivered, static_cast<double>(o.bytes) / 1e6, s.seconds, a_second(o.delivered, s.seconds),
      a_second(o.bytes, s.seconds) / 1e6, s.interrupted ? "; stopped by a signal" : "");
  if (o.failed != 0)
    out += fmt::format("failed: {} records; the first: {}\n", o.failed, o.first_failure);
  if (s.unsent != 0)
    out += fmt::format("not sent in time: {} records that were due by the schedule\n", s.unsent);
  out += fmt::format("lag behind the schedule: at most {}\n", in_ms(static_cast<std::uint64_t>(s.lag_us)));
  if (o.latency.count() != 0)
    out += fmt::format("from schedule to delivery: {}\n", percentiles_text(o.latency));
  if (m) {
    out += fmt::format("from schedule to row: {} rows: {}\n", m->rows, percentiles_text(m->latency));
    if (m->without != 0)
      out += fmt::format("rows without the moment to measure from: {}\n", m->without);
    if (!m->failure.empty())
      out += fmt::format("measuring ended early: {}\n", m->failure);
  }
  return out;
}

std::string to_json(const summary& s, const outcome& o, const std::optional<measurement>& m) {
  boost::json::object out{{"sent", s.sent},
                          {"delivered", o.delivered},
                          {"failed", o.failed},
                          {"unsent", s.unsent},
                          {"bytes", o.bytes},
                          {"seconds", s.seconds},
                          {"records_per_second", a_second(o.delivered, s.seconds)},
                          {"lag_us", s.lag_us},
                          {"interrupted", s.interrupted},
                          {"delivery_us", percentiles_json(o.latency)}};
  if (o.failed != 0)
    out["first_failure"] = o.first_failure;
  if (m) {
    boost::json::object measured{
        {"rows", m->rows}, {"without", m->without}, {"us", percentiles_json(m->latency)}};
    if (!m->failure.empty())
      measured["failure"] = m->failure;
    out["measured"] = std::move(measured);
  }
  boost::json::array each;
  for (const auto& e : s.each)
    each.push_back(boost::json::object{
        {"second", e.second}, {"sent", e.sent}, {"delivered", e.delivered}, {"lag_us", e.lag_us}});
  out["each_second"] = std::move(each);
  return data::json_text(out) + "\n";
}

}  // namespace millrace::load
