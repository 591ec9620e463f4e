// millrace load: sends records somewhere by a schedule, and says what became of them.
#include "config/secrets.hpp"
#include "tools/cli/logging.hpp"
#include "tools/cli/refuse.hpp"
#include "tools/cli/report_file.hpp"
#include "tools/cli/signal_watch.hpp"
#include "tools/cli/subcommands.hpp"
#include "tools/load/driver.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>

namespace millrace::cli {
namespace {

/// Records under way are waited for 10 s.
constexpr std::chrono::seconds stop_limit{20};

int load(const load::arguments& a, const std::string& log_level, const std::string& log_format) {
  auto o = millrace::load::parse(a);
  if (!o)
    return refuse(o.error());
  config::report secrets;
  for (const auto& [name, value] : o->properties)
    if (name.find("password") != std::string::npos || name.find("secret") != std::string::npos)
      secrets.keep_secret(value, "***");
  config::hide_secrets(secrets);
  set_up_logging(spdlog::level::from_str(log_level), log_format);
  std::signal(SIGPIPE, SIG_IGN);
  if (!a.report.empty())
    if (const auto writable = check_report_place("--report", a.report, false); !writable)
      return refuse(writable.error());
  std::atomic<bool> stop_asked{false};
  const orderly_end ends(stop_limit, [&] { stop_asked = true; });
  const auto done = millrace::load::run(*o, stop_asked);
  if (!done)
    return refuse(done.error().why, done.error().contacted ? exit_failed : exit_wrong);
  return done->failed ? exit_failed : exit_done;
}

void add_what(CLI::App& c, load::arguments& a) {
  c.add_option("--file", a.file, "Send this file's lines, plain or gzip, unchanged")
      ->type_name("FILE")
      ->group("What");
  c.add_flag("--repeat", a.repeat, "Send the file again and again")->group("What");
  c.add_option("--kind", a.kind, "Make records: clicks, sales, rsvp, listening, game")->group("What");
  c.add_option("--seed", a.seed, "Another seed makes other records, in another disorder")
      ->capture_default_str()
      ->group("What");
  c.add_option("--count", a.count, "How many records (default: all of the file, or without end)")
      ->group("What");
  c.add_option("--keys", a.keys, "How many users (clicks, listening) or groups (rsvp)")->group("What");
  c.add_option("--skew", a.skew, "Choose keys by Zipf's law with this exponent, such as 1.1")->group("What");
  c.add_option("--start-time", a.start_time, "Event time of the first made record (default: now)")
      ->group("What");
  c.add_option("--spacing", a.spacing,
               "Event time from one made record to the next, such as 10s (default: as they go out)")
      ->group("What");
  c.add_option("--truth", a.truth,
               "Write who of the listeners leaves, and how probable it was, into this new file")
      ->type_name("FILE")
      ->group("What");
  c.add_option("--truth-from", a.truth_from,
               "Write the truth as of this event time: who of those still there leaves later, and how "
               "probable that is")
      ->type_name("TIME")
      ->group("What");
  c.add_option("--stamp", a.stamp,
               "Add a member with the time at which the record is due: NAME, or NAME=us, ms, s or iso")
      ->group("What");
  c.add_option("--key", a.key, "The member whose value is Kafka's key")->group("What");
}

void add_when(CLI::App& c, load::arguments& a) {
  c.add_option("--rate", a.rate, "Send at a steady rate, such as 1000/s (default: as fast as possible)")
      ->group("When");
  c.add_option("--burst", a.burst, "Send this many at once, one burst every --pause")->group("When");
  c.add_option("--pause", a.pause, "Time from the start of one burst to the next, such as 1s")->group("When");
  c.add_option("--duration", a.duration, "End after this time")->group("When");
}

void add_disorder(CLI::App& c, load::arguments& a) {
  c.add_option("--out-of-order", a.out_of_order, "Put event times up to this much behind the schedule")
      ->group("Disorder");
  c.add_option("--late", a.late, "This share of made records is late, such as 1%")->group("Disorder");
  c.add_option("--late-by", a.late_by, "How late")->capture_default_str()->group("Disorder");
  c.add_option("--future", a.future, "This share of made records has an event time in the future")
      ->group("Disorder");
  c.add_option("--future-by", a.future_by, "How far in the future")->capture_default_str()->group("Disorder");
  c.add_option("--duplicates", a.duplicates, "This share of the records is sent twice")->group("Disorder");
  c.add_option("--malformed", a.malformed, "This share of the records is cut off in the middle")
      ->group("Disorder");
}

void add_where(CLI::App& c, load::arguments& a) {
  c.add_option("--kafka", a.kafka, "Send to these brokers, HOST:PORT,...")->group("Where");
  c.add_option("--topic", a.topic, "Topic")->group("Where");
  c.add_option("--create", a.create, "Create the topic if it is missing: PARTITIONS[:REPLICATION]")
      ->group("Where");
  c.add_option("--property", a.properties, "A property of librdkafka, NAME=VALUE; may be repeated")
      ->expected(1)
      ->take_all()
      ->group("Where");
  c.add_option("--http", a.http,
               "Send each record as a request to this URL; {MEMBER} in it is filled from the record")
      ->group("Where");
  c.add_option("--method", a.method, "POST (the record is the body) or GET")
      ->capture_default_str()
      ->group("Where");
  c.add_option("--header", a.headers,
               "A header, \"NAME: VALUE\", where {MEMBER} is filled, too; may be repeated")
      ->expected(1)
      ->take_all()
      ->group("Where");
  c.add_option("--connections", a.connections, "How many HTTP connections to use at once")
      ->capture_default_str()
      ->group("Where");
  c.add_option("--out", a.out, "Write each record as a line into this new file")
      ->type_name("FILE")
      ->group("Where");
  c.add_flag("--append", a.append, "Add the lines to the file if it exists")->group("Where");
  c.add_option("--http-serve", a.http_serve, "Listen on ADDR and serve the records as an endless response")
      ->group("Where");
  c.add_option(
       "--since", a.since,
       "PARAMETER=MEMBER: a client that asks with PARAMETER=V begins after the records with MEMBER up to V")
      ->group("Where");
  c.add_option("--wait-for-clients", a.wait_for_clients, "Begin when this many clients have come")
      ->capture_default_str()
      ->group("Where");
  c.add_flag("--stay", a.stay, "At the end keep the responses open until SIGTERM")->group("Where");
}

void add_results(CLI::App& c, load::arguments& a) {
  c.add_option("--measure", a.measure,
               "Watch where rows come out, kafka:TOPIC or file:PATH, and measure latency")
      ->group("Results");
  c.add_option("--measure-by", a.measure_by,
               "The member of a row with the time at which its record was due, in microseconds")
      ->capture_default_str()
      ->group("Results");
  c.add_option("--measure-idle", a.measure_idle,
               "End when no row has come for this long after the last record")
      ->capture_default_str()
      ->group("Results");
  c.add_option("--report", a.report, "Write the report to this file as JSON")
      ->type_name("FILE")
      ->group("Results");
}

}  // namespace

void add_load(CLI::App& app, int& status) {
  auto* const c = app.add_subcommand(
      "load", "Send records, of a file or generated, to Kafka, HTTP or a file, or serve them");
  const auto a = std::make_shared<load::arguments>();
  const auto log_level = std::make_shared<std::string>("info");
  const auto log_format = std::make_shared<std::string>("text");
  add_what(*c, *a);
  add_when(*c, *a);
  add_disorder(*c, *a);
  add_where(*c, *a);
  add_results(*c, *a);
  c->add_option("--start-timeout", a->start_timeout, "How long to wait for a server at the start")
      ->capture_default_str();
  c->add_option("--log-level", *log_level, "trace, debug, info, warn, error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  c->add_option("--log-format", *log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  c->footer(
      "Examples:\n"
      "  millrace load --kind clicks --rate 1000/s --duration 1min --kafka localhost:9092 --topic active "
      "--create 3 --key userid\n"
      "  millrace load --kind rsvp --rate 50/s --http-serve 127.0.0.1:8099 --since since_mtime=mtime\n"
      "  millrace load --file clicks.jsonl.gz --rate 1/s --kafka localhost:9092 --topic active "
      "--measure kafka:active2\n\n"
      "Exit status: 0 all were delivered, 1 not all were, 2 a mistake was found before anything was "
      "contacted.");
  c->callback([=, &status] { status = load(*a, *log_level, *log_format); });
}

}  // namespace millrace::cli
