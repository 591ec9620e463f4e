#include "actors/connectors/http/stream/http_stream_source.hpp"

#include "actors/connectors/http/client/server_options.hpp"
#include "actors/connectors/http/stream/answer.hpp"
#include "actors/connectors/http/stream/stream_feed.hpp"
#include "actors/stream/source/spooled_reader.hpp"

#include <fmt/format.h>

namespace millrace::source {
namespace {

using config::option_type;

std::vector<config::option> options() {
  return {
      {.name = "url",
       .type = option_type::text,
       .doc = "Where the stream is: http or https, without credentials",
       .required = true,
       .plain = true},
      {.name = "headers",
       .type = option_type::text_map,
       .doc = "Headers of the request, such as Authorization",
       .secret = true},
      {.name = "since",
       .type = option_type::text,
       .doc = "How a new connection continues where the last one ended: PARAMETER=MEMBER, such as "
              "since_mtime=mtime. The URL's query gets PARAMETER with the greatest MEMBER so far (a "
              "whole number less 1; records that come again are skipped)",
       .plain = true},
      {.name = "reconnect",
       .type = option_type::object,
       .doc = "The wait before the next connection: min at first, twice as long after each failure, up "
              "to max; up to half of it is left out at random",
       .members = {{.name = "min",
                    .type = option_type::duration,
                    .doc = "The first wait",
                    .default_text = "1 s",
                    .minimum = 1'000},
                   {.name = "max",
                    .type = option_type::duration,
                    .doc = "The longest wait",
                    .default_text = "1 minute",
                    .minimum = 1'000}}},
      {.name = "silence",
       .type = option_type::duration,
       .doc = "A connection without a byte for this long is closed and opened anew",
       .default_text = "1 minute",
       .minimum = 1'000},
      {.name = "compression",
       .type = option_type::boolean,
       .doc = "Offers the server gzip and the other compressions that libcurl reads",
       .default_text = "true"},
      {.name = "redirects",
       .type = option_type::integer,
       .doc = "How many redirects are followed",
       .default_text = "5",
       .maximum = 50},
      {.name = "ca_file",
       .type = option_type::text,
       .doc =
           "Certificates (PEM) of the authorities that may have signed the server's; default: the system's",
       .plain = true},
      {.name = "verify",
       .type = option_type::boolean,
       .doc = "Checks the server's certificate and name",
       .default_text = "true"},
      {.name = "proxy",
       .type = option_type::text,
       .doc = "Proxy as a URL; default: what http_proxy, https_proxy and no_proxy say",
       .secret = true},
      {.name = "max_record",
       .type = option_type::size,
       .doc = "A longer record becomes a dead letter with its first 64 KiB",
       .default_text = "16 MB",
       .minimum = 1'000,
       .maximum = 1'000'000'000},
      spool_option("the stream is not read"),
  };
}

void check(const config::check_input& in, const config::say& say) {
  const auto& o = in.options;
  http::check_server(in, say,
                     {.url = "url",
                      .headers = "headers",
                      .what = "a stream",
                      .example = "http://stream.example.com/2/rsvps"});
  if (o.has("since")) {
    const auto& since = o.text("since");
    const auto at = since.find('=');
    if (at == 0 || at == std::string::npos || at + 1 == since.size())
      say("since", "does not say parameter and member; expected one such as \"since_mtime=mtime\"");
  }
  if (o.has("reconnect") && o.object("reconnect").duration("min") > o.object("reconnect").duration("max"))
    say("reconnect", "has a min above its max; expected min at most max");
}

stream_options stream_options_of(const config::values& o, const std::string& in_logs) {
  stream_options out;
  out.in_logs = in_logs;
  out.url = o.text("url");
  if (o.has("headers"))
    out.headers = o.text_map("headers");
  if (o.has("since")) {
    const auto& since = o.text("since");
    out.since_parameter = since.substr(0, since.find('='));
    out.since_member = since.substr(since.find('=') + 1);
  }
  out.reconnect.first = std::chrono::seconds(1);
  out.reconnect.longest = std::chrono::minutes(1);
  if (o.has("reconnect")) {
    out.reconnect.first = o.object("reconnect").duration("min");
    out.reconnect.longest = o.object("reconnect").duration("max");
  }
  out.silence = o.duration("silence");
  out.longest_record = o.size("max_record");
  out.compression = o.boolean("compression");
  out.redirects = static_cast<int>(o.integer("redirects"));
  if (o.has("ca_file"))
    out.ca_file = o.text("ca_file");
  out.verify = o.boolean("verify");
  if (o.has("proxy"))
    out.proxy = o.text("proxy");
  return out;
}

}  // namespace

config::connector http_stream_source_declaration() {
  config::connector c;
  c.kind = config::stage_kind::source;
  c.type = "http_stream";
  c.doc = "Reads an endless HTTP response, one record a line, and keeps it in the state folder until it is "
          "processed";
  c.options = options();
  c.check = check;
  c.source = [](const config::values& options) {
    const auto& address = options.text("url");
    // Timestamps are those of arrival, which the spool keeps.
    return config::source_traits{
        .log = address, .place = address, .stores_timestamps = true, .asks_server = true, .receives = true};
  };
  c.guarantee = "what was received is processed exactly once; what the server sends while there is no "
                "connection is lost, unless `since` asks for it again";
  return c;
}

std::unique_ptr<reader> make_http_stream_reader(const config::values& options, const spool_place& at,
                                                std::shared_ptr<feeds> running, const wall_clock& clock) {
  auto make = [options, name = at.in_logs, &clock](spool_setup spool) {
    return start_stream_feed(stream_options_of(options, name), std::move(spool), clock);
  };
  return make_spooled_reader(options, at, std::move(running), std::move(make), shown(options.text("url")));
}

connector http_stream_source_connector() {
  return {.declared = http_stream_source_declaration(),
          .reader = [](const config::values& options, const wants&,
                       const connector_context& at) -> expected<std::unique_ptr<reader>> {
            return make_http_stream_reader(options, spool_of(at), at.feeds, *at.clock);
          }};
}

}  // namespace millrace::source
