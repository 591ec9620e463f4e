// first and last: the value that is not null of the earliest or latest record, by event time, then by log
// and position (downstream of a window by its key), so that no order of arrival changes it. Values
// are kept as value_bytes.hpp has them.
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/value_bytes.hpp"

#include <tuple>

namespace millrace::window {
namespace {

struct placed {
  event_micros time;
  std::int64_t major, minor;  // position
  std::uint64_t log, value;   // texts in the side store, 0 for none
};

/// A candidate, wherever its texts lie.
struct candidate {
  event_micros time;
  position at;
  std::string_view log, value;

  [[nodiscard]] auto place() const { return std::tie(time, log, at.major, at.minor); }
};

candidate read(const placed& p, const side_store& side) {
  return {p.time,
          {p.major, p.minor},
          side.text(static_cast<std::uint32_t>(p.log)),
          side.text(static_cast<std::uint32_t>(p.value))};
}

/// The candidate's texts may lie in the same store, whose texts move when one is added.
void write(placed& p, side_store& side, const candidate& c) {
  p.time = c.time;
  p.major = c.at.major;
  p.minor = c.at.minor;
  if (p.value == 0) {
    const std::string log(c.log);
    const std::string value(c.value);
    p.log = side.add_text(log);
    p.value = side.add_text(value);
    return;
  }
  side.set_text(static_cast<std::uint32_t>(p.log), c.log);
  side.set_text(static_cast<std::uint32_t>(p.value), c.value);
}

template<bool Last>
void take(placed& p, side_store& side, const candidate& c) {
  if (p.value == 0 || (Last ? c.place() > read(p, side).place() : c.place() < read(p, side).place()))
    write(p, side, c);
}

template<bool Last>
void add_values(const states& to, rows into, const contribution& of, rows from) {
  std::string value;
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto r = from[i];
    value.clear();
    append_value_bytes(value, *of.argument, r);
    take<Last>(to.at<placed>(into[i]), *to.side, {of.times[r], of.positions[r], of.log_of(r), value});
  }
}

template<bool Last>
void merge_values(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    if (const auto& o = other.at<placed>(from[i]); o.value != 0)
      take<Last>(to.at<placed>(into[i]), *to.side, read(o, *other.side));
}

bool rests_on_value(const states& merged, std::uint32_t i, const states& part, std::uint32_t j) {
  const auto& p = part.at<placed>(j);
  return p.value != 0 && read(p, *part.side).place() == read(merged.at<placed>(i), *merged.side).place();
}

void adopt_value(const states& to, std::uint32_t i, const side_store& origin) {
  auto& p = to.at<placed>(i);
  if (p.value == 0)
    return;
  p.log = to.side->add_text(origin.text(static_cast<std::uint32_t>(p.log)));
  p.value = to.side->add_text(origin.text(static_cast<std::uint32_t>(p.value)));
}

void encode_value(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& p = from.at<placed>(i);
  out.fixed(static_cast<std::uint8_t>(p.value != 0));
  if (p.value == 0)
    return;
  const auto c = read(p, *from.side);
  out.fixed(c.time);
  out.put(c.at);
  out.string(c.log);
  out.string(c.value);
}

bool decode_value(wire::reader& in, const states& to, std::uint32_t i) {
  auto& p = to.at<placed>(i);
  const auto present = in.fixed<std::uint8_t>();
  if (!in.ok() || present > 1)
    return false;
  if (present == 0) {
    p = {};
    return true;
  }
  candidate c;
  c.time = in.fixed<event_micros>();
  c.at = in.read_position();
  c.log = in.string();
  c.value = in.string();
  if (in.ok())
    write(p, *to.side, c);
  return in.ok();
}

void finish_values(const aggregate&, const states& from, rows of, data::column_builder& out,
                   std::vector<std::uint32_t>& failed) {
  for (std::size_t i = 0; i < of.size(); ++i) {
    const auto& p = from.at<placed>(of[i]);
    if (p.value == 0) {
      out.append_null();
      continue;
    }
    auto value = from.side->text(static_cast<std::uint32_t>(p.value));
    if (!read_value_bytes(value, out)) {
      out.append_null();
      failed.push_back(static_cast<std::uint32_t>(i));
    }
  }
}

template<bool Last>
constexpr aggregate_ops entry{.size = sizeof(placed),
                              .add = add_values<Last>,
                              .merge = merge_values<Last>,
                              .rests_on = rests_on_value,
                              .adopt = adopt_value,
                              .encode = encode_value,
                              .decode = decode_value,
                              .finish = finish_values,
                              .by_place = true};

}  // namespace

const aggregate_ops first_entry = entry<false>;
const aggregate_ops last_entry = entry<true>;

}  // namespace millrace::window
