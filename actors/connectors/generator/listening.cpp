#include "actors/connectors/generator/listening.hpp"

#include "actors/connectors/generator/drawn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>

namespace millrace::source {
namespace {

using text = std::string_view;

constexpr std::uint64_t records_a_listener = 1'200;  // records of a listener in a season
constexpr std::uint64_t first_user = 2;
constexpr std::int64_t day = 86'400'000, session_length = day / 4;  // ms
constexpr std::uint64_t items_a_session = 120;
/// A listener who has left is not drawn: so many times another one is.
constexpr int most_draws = 8;

struct listener {
  std::uint64_t user = 0;
  bool is_paying = false, is_female = false;
  double adverts = 0;                 // the rate of adverts, beside other pages
  double dislikes = 0;                // the share of thumbs that are down
  double friends = 0;                 // the rate at which friends are added
  std::int64_t days = 0;              // days of membership before the season
  double leaves = 0;                  // the chance to leave in the season
  std::optional<std::uint64_t> last;  // its last record, where it leaves
};

std::uint64_t keys_of(const generated& g) { return g.keys != 0 ? g.keys : listeners; }
std::uint64_t season_length(const generated& g) { return keys_of(g) * records_a_listener; }

/// The listeners' moments follow one another, from one of the season's choosing backwards: each has 1,200 records in
/// which to have its own. It is its own inverse.
std::uint64_t moment_or_place(const generated& g, std::uint64_t season, std::uint64_t n) {
  const auto keys = keys_of(g);
  const auto first = drawn(g.seed ^ 0x7365'6173, season).below(keys);
  return (first + keys - n) % keys;
}

listener listener_at(const generated& g, std::uint64_t season, std::uint64_t place) {
  listener l;
  const auto number = season * keys_of(g) + place;
  l.user = first_user + number;
  drawn d(g.seed ^ 0x6C69'7374, number);
  l.is_paying = d.chance(65);
  l.is_female = d.chance(48);
  l.adverts = l.is_paying ? 2 * d.fraction() : 2 + 10 * d.fraction();
  l.dislikes = d.fraction();
  l.friends = 2 + 10 * d.fraction();
  const auto loyalty = d.fraction();
  l.days = 5 + static_cast<std::int64_t>(loyalty * 355);
  // The odds make about 23 of 100 leave. A forecast by these chances would have an area under the curve of 0.88.
  const auto odds = -7 + 5 * l.dislikes + 4 * l.adverts / 12 + 3 * (1 - loyalty);
  l.leaves = 1 / (1 + std::exp(-odds));
  const bool leaves = d.fraction() < l.leaves;
  const auto within = d.below(records_a_listener);
  if (leaves)
    l.last = season * season_length(g) + moment_or_place(g, season, place) * records_a_listener + within;
  return l;
}

std::optional<listener> somebody(const generated& g, std::uint64_t number, drawn& d) {
  const auto season = number / season_length(g);
  const auto moment = number % season_length(g) / records_a_listener;
  if (auto l = listener_at(g, season, moment_or_place(g, season, moment)); l.last == number)
    return l;
  for (int i = 0; i < most_draws; ++i)
    if (auto l = listener_at(g, season, g.skewed ? g.skewed->draw(d) : d.below(keys_of(g)));
        !l.last || number < *l.last)
      return l;
  return std::nullopt;
}

text page_of(const listener& l, drawn& d) {
  struct weighted {
    text page;
    double weight;
  };
  const auto free = l.is_paying ? 0.0 : 1.0;
  const std::array<weighted, 17> pages{{{"NextSong", 420},
                                        {"Home", 20},
                                        {"Thumbs Up", 26 * (1 - l.dislikes)},
                                        {"Thumbs Down", 26 * l.dislikes},
                                        {"Roll Advert", l.adverts},
                                        {"Add to Playlist", 12},
                                        {"Add Friend", l.friends},
                                        {"Logout", 6},
                                        {"Help", 3},
                                        {"Settings", 3},
                                        {"About", 1},
                                        {"Save Settings", 1},
                                        {"Error", 0.5},
                                        {"Upgrade", 2 * free},
                                        {"Submit Upgrade", 0.3 * free},
                                        {"Downgrade", 3 * (1 - free)},
                                        {"Submit Downgrade", 0.2 * (1 - free)}}};
  double all = 0;
  for (const auto& p : pages)
    all += p.weight;
  auto left = d.fraction() * all;
  for (const auto& p : pages)
    if ((left -= p.weight) < 0)
      return p.page;
  return pages.front().page;
}

}  // namespace

// Numbers are drawn in statements of their own: the order of a call's arguments is the compiler's.
void append_listening(std::string& out, const generated& g, std::uint64_t number) {
  constexpr std::array<text, 6> songs{"Eye Of The Tiger", "You\\\\'re Not Alone", "Für Elise",
                                      "99 Luftballons",   "Sehr kosmisch",        "A\\u00e9rienne"};
  constexpr std::array<text, 5> artists{"Survivor", "Nena", "Björk", "Harmonia", "Tiken Jah"};
  constexpr std::array<text, 3> places{"New Orleans-Metairie, LA", "San Jose-Sunnyvale-Santa Clara, CA",
                                       "Janesville-Beloit, WI"};
  drawn d(g.seed, number);
  const auto begun = g.begun.value_or(g.epoch) / 1000;
  const auto ts = time_of(g, number) / 1000;
  const bool logged_out = d.chance(3);
  const auto drawn_one = somebody(g, number, d);
  const auto page = drawn_one ? page_of(*drawn_one, d) : text("Home");
  const bool puts = d.chance(85);
  const bool fine = d.chance(95);
  const bool fraction = d.chance(50);
  const bool leaves = drawn_one && drawn_one->last == number;
  const auto* const who = drawn_one && (leaves || !logged_out) ? &*drawn_one : nullptr;
  const bool plays = who != nullptr && !leaves && page == "NextSong";
  const auto user = who != nullptr ? who->user : 0;
  const auto session = 1 + (user * 7'919 + static_cast<std::uint64_t>(ts / session_length)) % 1'000'000;
  const auto item = static_cast<std::uint64_t>(ts % session_length) * items_a_session / session_length;
  auto to = std::back_inserter(out);
  fmt::format_to(
      to, R"({{"ts":{},"userId":"{}","sessionId":{},"page":"{}","auth":"{}","method":"{}","status":{},)", ts,
      who != nullptr ? std::to_string(user) : std::string(), session,
      leaves           ? text("Cancellation Confirmation")
      : who != nullptr ? page
                       : text("Home"),
      leaves           ? "Cancelled"
      : who != nullptr ? "Logged In"
                       : "Logged Out",
      puts ? "PUT" : "GET", fine ? 200 : 307);
  fmt::format_to(to, R"("level":"{}","itemInSession":{},)",
                 who != nullptr && who->is_paying ? "paid" : "free", item);
  if (who != nullptr) {
    const auto season_begun =
        begun + (time_of(g, number / season_length(g) * season_length(g)) - g.epoch) / 1000;
    fmt::format_to(
        to,
        R"("location":"{}","userAgent":"\"Mozilla\/5.0 (X11; Linux x86_64) AppleWebKit\/537.36\"",)"
        R"("lastName":"L{}","firstName":"F{}","registration":{}{},"gender":"{}")",
        places.at(user % places.size()), user, user % 97, season_begun - who->days * day,
        fraction ? ".0" : "", who->is_female ? "F" : "M");
  } else {
    out +=
        R"("location":null,"userAgent":null,"lastName":null,"firstName":null,"registration":null,"gender":null)";
  }
  if (plays) {
    const auto artist = d.one_of(artists);
    const auto song = d.one_of(songs);
    const auto length = 60 + d.below(400);
    const auto digits = d.below(100'000);
    fmt::format_to(to, R"(,"artist":"{}","song":"{}","length":{}.{:05})", artist, song, length, digits);
  }
  out += '}';
}

std::uint64_t listeners_among(const generated& g, std::uint64_t records) {
  const auto length = season_length(g);
  return (records / length + (records % length != 0 ? 1 : 0)) * keys_of(g);
}

listener_truth truth_about(const generated& g, std::uint64_t listener, std::uint64_t records) {
  return *truth_from(g, listener, 0, records);
}

std::optional<listener_truth> truth_from(const generated& g, std::uint64_t listener, std::uint64_t from,
                                         std::uint64_t records) {
  const auto season = listener / keys_of(g);
  const auto l = listener_at(g, season, listener % keys_of(g));
  if (l.last && *l.last < from)
    return std::nullopt;
  const auto begun = season * season_length(g);
  const auto share_before = [&](std::uint64_t record) {
    const auto seen = std::min(record - std::min(begun, record), season_length(g));
    return static_cast<double>(seen) / static_cast<double>(season_length(g));
  };
  // The moment to leave is anywhere in the season, for each listener: if it has not come before `from`, it is
  // less probable that there is one (Bayes).
  const auto gone = share_before(from);
  const auto over = std::max(gone, share_before(records));
  return listener_truth{l.user, l.leaves * (over - gone) / (1 - l.leaves * gone),
                        l.last && *l.last < records};
}

}  // namespace millrace::source
