#include "actors/connectors/generator/rsvp.hpp"

#include "actors/connectors/generator/drawn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace millrace::source {
namespace {

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

}  // namespace

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

}  // namespace millrace::source
