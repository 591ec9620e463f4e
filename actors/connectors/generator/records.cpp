#include "actors/connectors/generator/records.hpp"

#include "actors/connectors/generator/drawn.hpp"
#include "actors/connectors/generator/listening.hpp"
#include "actors/connectors/generator/rsvp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace millrace::source {
namespace {

using text = std::string_view;

constexpr std::array<text, 5> kind_names{"clicks", "sales", "rsvp", "listening", "game"};

constexpr std::array<text, 6> pages{"home", "search", "category", "product", "cart", "checkout"};
constexpr std::array<text, 6> categories{"books", "garden", "music", "shoes", "toys", "kitchen"};
constexpr std::array<text, 3> devices{"desktop", "phone", "tablet"};
constexpr std::array<text, 6> countries{"de", "fr", "gb", "tr", "us", "vn"};
constexpr std::array<text, 5> referrers{"direct", "search", "newsletter", "partner", "social"};
constexpr std::uint64_t users = 400;

/// "2021-04-24 19:55:00.796+0000", as feeds of clicks write it.
std::string wire_time(event_micros t) {
  auto iso = format_timestamp(t - t % 1000);
  iso[10] = ' ';
  iso.pop_back();
  if (iso.size() == 19)
    iso += ".000";
  while (iso.size() < 23)
    iso += '0';
  return iso + "+0000";
}

// Numbers are drawn in statements of their own: the order of a call's arguments is the compiler's.

/// Clicks are up to 30 s out of order; a third of them are of a tenth of the users; three in a hundred have
/// no user.
void append_click(std::string& out, const generated& g, std::uint64_t n, drawn& d) {
  const auto keys = g.keys != 0 ? g.keys : users;
  const bool active = d.below(3) == 0;
  const auto user =
      g.skewed ? g.skewed->draw(d) : d.below(active ? std::max<std::uint64_t>(keys / 10, 1) : keys);
  const bool nobody = d.chance(3);
  const auto time = time_of(g, n) - static_cast<event_micros>(d.below(30'000'000));
  const auto session = d.next() >> 16;
  const auto page = d.one_of(pages);
  const auto product = 1 + d.below(20'000);
  const auto category = d.one_of(categories);
  const auto price = 100 + d.below(30'000);
  const auto device = d.one_of(devices);
  const auto country = d.one_of(countries);
  const auto referrer = d.one_of(referrers);
  fmt::format_to(std::back_inserter(out),
                 R"({{"userid":"{}","sessionid":"{:012x}","page":"{}","productid":{},"category":"{}",)"
                 R"("price":{}.{:02},"device":"{}","country":"{}","referrer":"{}","timestamp":"{}"}})",
                 nobody ? std::string() : fmt::format("u{:05}", user), session, page, product, category,
                 price / 100, price % 100, device, country, referrer, wire_time(time));
}

void append_sale(std::string& out, drawn& d) {
  constexpr std::array<text, 7> names{"Joe Bloggs",   "Joe Bloggs", "Joe Bloggs",   "Ola Nordmann",
                                      "Ola Nordmann", "Fred Smith", "Walter Plinge"};
  const auto name = d.one_of(names);
  const auto quantity = d.below(500);
  const auto value = d.fraction() * 100;
  fmt::format_to(std::back_inserter(out), R"({{"customerName":"{}","quantity":{},"value":{}}})", name,
                 quantity, value);
}

void append_game_event(std::string& out, drawn& d) {
  constexpr std::array<text, 2> hosts{"user1.comcast.com", "user2.att.com"};
  constexpr std::array<text, 2> swords{"knightly", "backsword"};
  const auto host = d.below(2);
  const auto kind = d.below(15);
  auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"Host":"{}",)", hosts[host]);
  if (kind < 5)
    fmt::format_to(to, R"("sword_type":"{}","event_type":"purchase_sword",)", swords[host]);
  else if (kind < 12)
    out += R"("event_type":"join_guild",)";
  else
    out += R"("event_type":"default",)";
  out += R"("Accept":"*/*","User-Agent":"ApacheBench/2.3","timestamp":null})";
}

}  // namespace

std::vector<std::string> record_kinds() { return {kind_names.begin(), kind_names.end()}; }

std::optional<record_kind> parse_record_kind(std::string_view name) {
  const auto* const at = std::find(kind_names.begin(), kind_names.end(), name);
  if (at == kind_names.end())
    return std::nullopt;
  return static_cast<record_kind>(at - kind_names.begin());
}

event_micros time_of(const generated& g, std::uint64_t number) {
  const auto time = g.epoch + static_cast<__int128>(number) * g.step.count();
  return static_cast<event_micros>(std::min<__int128>(time, last_timestamp));
}

std::uint64_t own_keys(record_kind kind) {
  switch (kind) {
  case record_kind::clicks:
    return users;
  case record_kind::listening:
    return listeners;
  case record_kind::rsvp:
    return rsvp_groups;
  case record_kind::sales:
  case record_kind::game:
    break;
  }
  return 0;
}

void append_record(std::string& out, const generated& g, std::uint64_t number) {
  drawn d(g.seed, number);
  switch (g.kind) {
  case record_kind::clicks:
    return append_click(out, g, number, d);
  case record_kind::sales:
    return append_sale(out, d);
  case record_kind::rsvp:
    return append_rsvp(out, g, number);
  case record_kind::listening:
    return append_listening(out, g, number);
  case record_kind::game:
    return append_game_event(out, d);
  }
}

}  // namespace millrace::source
