#include "actors/connectors/generator/records.hpp"

#include "actors/connectors/generator/drawn.hpp"
#include "actors/connectors/generator/listening.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace millrace::source {
namespace {

// RSVPs to meetings as a public stream sent them, with everything that is odd about them: venues, states,
// photos and times that are missing, integers among decimals, members that nobody declared, the same rsvp_id
// again, `\/` escapes, blanks at the edges of names, emoji.

/// Groups that meet, each with an event.
inline constexpr std::uint64_t rsvp_groups = 60;

using text = std::string_view;

struct city {
  text name, country, state, lat, lon;
};
constexpr std::array<city, 7> cities{{{"São Paulo", "br", "", "-23.53", "-46.63"},
                                      {"London", "gb", "17", "51.52", "-0.1"},
                                      {"New York", "us", "NY", "40.75", "-73.98"},
                                      {"Kansas City", "us", "MO", "39", "-94.6"},
                                      {"Montréal", "ca", "QC", "45.53", "-73.55"},
                                      {"Jakarta", "id", "", "-6.18", "106.83"},
                                      {"München", "de", "", "48.14", "11.58"}}};
constexpr std::array<text, 6> groups{"Outdoor & Friends", " Hiking",       "Café Français",
                                     "🚀 Startups",        "Board\\/Games", "日本語 Exchange"};
constexpr std::array<text, 5> events{"Sunday walk ", "Intro to streams", "Pub quiz \\\"Special\\\"",
                                     "Ünïcode night", "🎉 Party"};
constexpr std::array<text, 4> topics{"hiking", "newtech", "language", "boardgames"};
constexpr std::array<text, 4> members{"Ana", "Jörg", " Lee", "Иван"};
constexpr std::int64_t first_meeting = 1'640'000'000'000;  // ms
constexpr std::uint64_t repeated = 20;                     // answers of a hundred that change an earlier one

void append_rsvp(std::string& out, const generated& g, std::uint64_t number) {
  drawn d(g.seed, number);
  const bool again = number > 0 && d.chance(repeated);
  const auto id = again ? number - 1 - d.below(std::min<std::uint64_t>(number, 50)) : number;
  drawn who(g.seed ^ 0x5253'5650, id);  // a user who answers again is the same
  const auto place = g.skewed ? g.skewed->draw(who) : who.below(g.keys != 0 ? g.keys : rsvp_groups);
  drawn where(g.seed ^ 0x706C'6163, place);
  const auto& c = where.one_of(cities);
  const auto group = where.one_of(groups);
  const auto event = where.one_of(events);
  const bool has_state = !c.state.empty() && where.chance(80);
  const bool has_time = !where.chance(5);
  const bool has_venue = !where.chance(20);
  const bool integers = where.chance(25);
  const auto count = where.below(4);
  // Drawn in statements of their own: the order of a call's arguments is the compiler's.
  const bool indented = d.chance(10);
  const bool no_response = d.chance(3);
  const bool yes = d.chance(70);
  const bool alone = d.chance(85);
  const auto guests = d.below(5);
  const auto member = who.below(100'000);
  const auto name = who.one_of(members);
  const bool photo = who.chance(60);
  const bool services = who.chance(10);
  const auto mtime = time_of(g, number) / 1000;
  auto to = std::back_inserter(out);
  out += indented ? "  {" : "{";
  if (has_venue)
    fmt::format_to(to, R"("venue":{{"venue_name":"{} Hall","lon":{},"lat":{},"venue_id":{}}},)", c.name,
                   integers ? text("0") : c.lon, integers ? text("-83") : c.lat, 1'000'000 + place);
  fmt::format_to(to, R"("visibility":"public","response":{},"guests":{},"member":{{"member_id":{},)",
                 no_response ? "null"
                 : yes       ? R"("yes")"
                             : R"("no")",
                 alone ? 0 : guests, 5'000'000 + member);
  if (photo)
    fmt::format_to(to, R"("photo":"http:\/\/photos.example\/member\/{}.jpeg",)", member);
  if (services)
    fmt::format_to(to, R"("other_services":{{"twitter":{{"identifier":"@m{}"}}}},)", member);
  fmt::format_to(to, R"("member_name":"{}"}},"rsvp_id":{},"mtime":{},)", name, 1'800'000'000 + id, mtime);
  fmt::format_to(to, R"("event":{{"event_name":"{}","event_id":"e{}",)", event, place);
  if (has_time)
    fmt::format_to(to, R"("time":{},)", first_meeting + static_cast<std::int64_t>(place) * 3'600'000);
  fmt::format_to(to, R"("event_url":"https:\/\/meetings.example\/g{0}\/events\/e{0}\/"}},)", place);
  out += R"("group":{"group_topics":[)";
  for (std::uint64_t i = 0; i < count; ++i) {
    const bool missing = where.chance(5);
    const auto topic = where.one_of(topics);
    out += i > 0 ? "," : "";
    if (missing)
      out += "null";
    else
      fmt::format_to(to, R"({{"urlkey":"{0}","topic_name":"{0} {1}"}})", topic, i);
  }
  fmt::format_to(to,
                 R"(],"group_city":"{}","group_country":"{}","group_id":{},"group_name":"{}","group_lon":{},)"
                 R"("group_urlname":"g{}",)",
                 c.name, c.country, 20'000'000 + place, group, c.lon, place);
  if (has_state)
    fmt::format_to(to, R"("group_state":"{}",)", c.state);
  fmt::format_to(to, R"("group_lat":{}}}}})", c.lat);
}

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
