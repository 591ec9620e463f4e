#include "tools/load/options.hpp"

#include "runtime/expression/formats/time_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

namespace millrace::load {
namespace {

constexpr std::uint64_t most_keys = 1'000'000'000;
constexpr unsigned most_connections = 1'000;

unexpected wrong(std::string message) { return user_error(ec::invalid_argument, std::move(message)); }

template<class T>
bool number(std::string_view text, T& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc() && end == text.data() + text.size();
}

expected<micros> duration(const std::string& option, const std::string& text, bool may_be_zero) {
  const auto d = parse_duration(text);
  if (!d)
    return wrong(fmt::format("{} {}: {}", option, text, d.error().message));
  if (!may_be_zero && *d == micros(0))
    return wrong(fmt::format("{} {}: expected more than nothing, such as 1s", option, text));
  return *d;
}

/// Takes options one by one; the first error stays.
class options_reader {
public:
  explicit options_reader(const arguments& a) : a_(a) {}

  expected<options> run() {
    what();
    when();
    disorder();
    marks();
    where();
    measuring();
    if (failed_)
      return unexpected(*failed_);
    return std::move(out_);
  }

private:
  void fail(std::string message) {
    if (!failed_)
      failed_ = wrong(std::move(message)).value();
  }
  void take_duration(const std::string& option, const std::string& text, micros& to,
                     bool may_be_zero = false) {
    if (const auto d = duration(option, text, may_be_zero))
      to = *d;
    else
      fail(d.error().message);
  }
  void take_share(const std::string& option, const std::string& text, std::uint32_t& to) {
    if (text.empty())
      return;
    if (const auto s = parse_share(option, text))
      to = *s;
    else
      fail(s.error().message);
  }

  void what() {
    if (a_.file.empty() == a_.kind.empty())
      return fail("expected either --file PATH or --kind KIND: what is to be sent");
    out_.file = a_.file;
    out_.repeat = a_.repeat;
    out_.count = a_.count;
    out_.records.seed = a_.seed;
    if (a_.repeat && a_.file.empty())
      fail("--repeat reads a file again and again; it needs --file (generated records have no end)");
    if (!a_.file.empty() && (a_.skew != 0 || a_.keys))
      fail("--skew and --keys shape generated records; they need --kind");
    if (!a_.start_time.empty()) {
      const auto t = expression::parse_timestamp(a_.start_time);
      if (!t)
        fail(fmt::format("--start-time {}: {}", a_.start_time, t.error().message));
      else
        out_.start_time = *t;
    }
    if (!a_.spacing.empty()) {
      out_.spacing.emplace();
      take_duration("--spacing", a_.spacing, *out_.spacing);
      if (a_.kind.empty())
        fail("--spacing says how far apart the times of made records are; it needs --kind");
    }
    take_truth();
    take_truth_from();
    if (a_.kind.empty())
      return;
    const auto kind = source::parse_record_kind(a_.kind);
    if (!kind)
      return fail(fmt::format("--kind {}: there is no such kind of records; expected one of {}", a_.kind,
                              fmt::join(source::record_kinds(), ", ")));
    out_.records.kind = *kind;
    if (!(a_.skew >= 0) || a_.skew > 10)
      fail(fmt::format("--skew {}: expected the exponent of Zipf's law, 0 (all alike) to 10", a_.skew));
    if (a_.keys && (*a_.keys == 0 || *a_.keys > most_keys))
      fail(fmt::format("--keys {}: expected 1 to {}", *a_.keys, most_keys));
    const bool keyed = *kind != source::record_kind::sales && *kind != source::record_kind::game;
    if (!keyed && (a_.skew != 0 || a_.keys))
      fail(fmt::format("--kind {} has a few fixed keys; --skew and --keys need clicks, rsvp or listening",
                       a_.kind));
    out_.records.keys = a_.keys.value_or(0);
    if (a_.skew > 0 && keyed)
      out_.records.skewed.emplace(a_.keys.value_or(source::own_keys(*kind)), a_.skew);
  }

  void take_truth() {
    out_.truth = a_.truth;
    if (a_.truth.empty())
      return;
    if (a_.kind != "listening")
      fail("--truth writes who leaves, and how probable that was; it needs --kind listening");
    if (!a_.count)
      fail("--truth describes the records that are made; it needs --count");
  }

  void take_truth_from() {
    if (a_.truth_from.empty())
      return;
    const auto t = expression::parse_timestamp(a_.truth_from);
    if (!t)
      return fail(fmt::format("--truth-from {}: {}", a_.truth_from, t.error().message));
    if (a_.truth.empty() || !out_.start_time || !out_.spacing || !a_.count)
      return fail(
          "--truth-from is a time among those of the records; it needs --truth, --count, --start-time and "
          "--spacing");
    const auto ahead = *t - *out_.start_time;
    const auto step = out_.spacing->count();
    const auto records = ahead <= 0 ? 0 : static_cast<std::uint64_t>((ahead + step - 1) / step);
    if (ahead < 0 || records >= *a_.count)
      return fail(
          fmt::format("--truth-from {}: no record is of that time; expected one from --start-time on, before "
                      "the last of {} records",
                      a_.truth_from, *a_.count));
    out_.truth_from = records;
  }

  void when() {
    if (a_.burst.has_value() == a_.pause.empty())
      return fail("bursts need both --burst N and --pause DURATION");
    if (a_.burst && !a_.rate.empty())
      return fail("records go out at a rate or in bursts; expected --rate, or --burst with --pause");
    if (a_.burst) {
      out_.burst = *a_.burst;
      if (out_.burst == 0)
        fail("--burst 0: expected at least 1");
      take_duration("--pause", a_.pause, out_.pause);
    }
    if (!a_.rate.empty()) {
      const auto r = parse_rate(a_.rate);
      if (!r)
        fail(fmt::format("--rate {}: {}", a_.rate, r.error().message));
      else
        out_.rate = *r;
    }
    if (!a_.duration.empty()) {
      out_.duration.emplace();
      take_duration("--duration", a_.duration, *out_.duration);
    }
    take_duration("--start-timeout", a_.start_timeout, out_.start_timeout, true);
  }

  void disorder() {
    auto& d = out_.disorder;
    d.seed = a_.seed;
    if (!a_.out_of_order.empty())
      take_duration("--out-of-order", a_.out_of_order, d.out_of_order);
    take_share("--late", a_.late, d.late);
    take_share("--future", a_.future, d.future);
    take_share("--duplicates", a_.duplicates, d.duplicates);
    take_share("--malformed", a_.malformed, d.malformed);
    take_duration("--late-by", a_.late_by, d.late_by);
    take_duration("--future-by", a_.future_by, d.future_by);
    const bool shifts = d.out_of_order.count() != 0 || d.late != 0 || d.future != 0;
    const auto kind = out_.records.kind;
    if (out_.file.empty() && shifts &&
        (kind == source::record_kind::sales || kind == source::record_kind::game))
      fail(fmt::format(
          "--out-of-order, --late and --future shift the times that records carry; those of --kind "
          "{} carry none",
          a_.kind));
    if (!out_.file.empty() && shifts)
      fail(
          "--out-of-order, --late and --future shift event times of generated records; the records of a file "
          "go out as they are: expected --kind");
    if (shifts && !a_.truth_from.empty())
      fail("--truth-from is a time of the schedule, from which --out-of-order, --late and --future shift the "
           "records' times; remedy: leave these out");
  }

  void marks() {
    out_.key = a_.key;
    const auto at = a_.stamp.find('=');
    out_.stamp = a_.stamp.substr(0, at);
    const auto form = at == std::string::npos ? std::string("us") : a_.stamp.substr(at + 1);
    static const std::map<std::string, stamp_form> forms{
        {"us", stamp_form::us}, {"ms", stamp_form::ms}, {"s", stamp_form::s}, {"iso", stamp_form::iso}};
    if (const auto f = forms.find(form); f != forms.end())
      out_.stamped = f->second;
    else
      fail(fmt::format("--stamp {}: expected MEMBER, or MEMBER=us, ms, s or iso", a_.stamp));
  }

  void where() {
    const int targets = !a_.kafka.empty() + !a_.http.empty() + !a_.out.empty() + !a_.http_serve.empty();
    if (targets != 1)
      return fail("expected one of --kafka BROKERS --topic TOPIC, --http URL, --out PATH, --http-serve ADDR: "
                  "where the records go");
    if (a_.kafka.empty() && (!a_.topic.empty() || !a_.create.empty() || !a_.properties.empty()))
      fail("--topic, --create and --property belong to --kafka BROKERS");
    if (a_.http.empty() && !a_.headers.empty())
      fail("--header belongs to --http URL");
    if (a_.http_serve.empty() && (!a_.since.empty() || a_.stay))
      fail("--since and --stay belong to --http-serve ADDR");
    if (!a_.kafka.empty())
      return kafka();
    if (!a_.http.empty())
      return http();
    if (!a_.out.empty()) {
      out_.target = target_kind::file;
      out_.out = a_.out;
      out_.append = a_.append;
      return;
    }
    out_.target = target_kind::http_serve;
    out_.serve = a_.http_serve;
    out_.stay = a_.stay;
    out_.wait_for_clients = a_.wait_for_clients;
    if (a_.since.empty())
      return;
    const auto at = a_.since.find('=');
    if (at == 0 || at == std::string::npos || at + 1 == a_.since.size())
      return fail(fmt::format("--since {}: expected PARAMETER=MEMBER, such as since_mtime=mtime", a_.since));
    out_.since_parameter = a_.since.substr(0, at);
    out_.since_member = a_.since.substr(at + 1);
  }

  void kafka() {
    out_.target = target_kind::kafka;
    out_.brokers = a_.kafka;
    out_.topic = a_.topic;
    if (a_.topic.empty())
      fail("--kafka needs --topic TOPIC");
    if (!a_.create.empty()) {
      const auto at = a_.create.find(':');
      const bool ok =
          number(std::string_view(a_.create).substr(0, at), out_.partitions) && out_.partitions > 0 &&
          (at == std::string::npos ||
           (number(std::string_view(a_.create).substr(at + 1), out_.replication) && out_.replication > 0));
      if (!ok)
        fail(fmt::format("--create {}: expected PARTITIONS or PARTITIONS:REPLICATION, such as 3:2",
                         a_.create));
    }
    for (const auto& p : a_.properties) {
      const auto at = p.find('=');
      if (at == 0 || at == std::string::npos)
        fail("--property: expected NAME=VALUE, a property of librdkafka");
      else
        out_.properties[p.substr(0, at)] = p.substr(at + 1);
    }
  }

  void http() {
    out_.target = target_kind::http;
    out_.url = a_.http;
    out_.method = a_.method;
    out_.headers = a_.headers;
    out_.connections = a_.connections;
    if (!a_.http.starts_with("http://") && !a_.http.starts_with("https://"))
      fail(fmt::format("--http {}: expected a URL that begins with http:// or https://", a_.http));
    if (a_.method != "GET" && a_.method != "POST")
      fail(fmt::format("--method {}: expected GET or POST", a_.method));
    if (a_.connections == 0 || a_.connections > most_connections)
      fail(fmt::format("--connections {}: expected 1 to {}", a_.connections, most_connections));
    for (const auto& h : a_.headers)
      if (h.find(':') == std::string::npos)
        fail(fmt::format("--header {}: expected NAME: VALUE", h));
  }

  void measuring() {
    out_.report = a_.report;
    if (a_.measure.empty())
      return;
    if (a_.measure.starts_with("kafka:") && a_.measure.size() > 6) {
      out_.measure_topic = a_.measure.substr(6);
      if (a_.kafka.empty())
        fail("--measure kafka:TOPIC reads from the brokers of --kafka; expected --kafka BROKERS, or "
             "--measure file:PATH");
    } else if (a_.measure.starts_with("file:") && a_.measure.size() > 5) {
      out_.measure_file = a_.measure.substr(5);
    } else {
      fail(fmt::format("--measure {}: expected kafka:TOPIC or file:PATH", a_.measure));
    }
    out_.measure_by = a_.measure_by;
    if (out_.stamp.empty())
      out_.stamp = a_.measure_by;
    take_duration("--measure-idle", a_.measure_idle, out_.measure_idle);
  }

  const arguments& a_;
  options out_;
  std::optional<error> failed_;
};

}  // namespace

expected<std::uint32_t> parse_share(const std::string& option, const std::string& text) {
  double percent = -1;
  const bool ok = text.ends_with('%') && number(std::string_view(text).substr(0, text.size() - 1), percent);
  if (!ok || !(percent >= 0) || percent > 100)
    return wrong(fmt::format("{} {}: expected a share such as 1% or 0.05%, at most 100%", option, text));
  return static_cast<std::uint32_t>(std::lround(percent * 10'000));
}

expected<options> parse(const arguments& a) { return options_reader(a).run(); }

}  // namespace millrace::load
